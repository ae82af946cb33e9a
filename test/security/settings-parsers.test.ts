/**
 * Settings, from any text: they are read, or refused by their names, and no secret among them is
 * repeated.
 */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { readNodeSettings } from '../../src/config/node.js';
import { SettingsError } from '../../src/config/option.js';
import { messageOf } from '../../src/core/errors.js';
import { splitKeys } from '../../src/grip/keys.js';
import { parseGripUrl } from '../../src/grip/proxies.js';
import { parseStoreLocation, storeName } from '../../src/store/location.js';
import { CASES, check, mutated, refusedOr } from './cases.js';

// These take seconds on an idle machine, and longer next to other tests.
vi.setConfig({ testTimeout: 120_000 });

const number = fc.oneof(
  fc.integer().map(String),
  fc.double().map(String),
  fc.constantFrom('007', '1e3', '0x1', ''),
);

/** Part of each secret below; never part of what is said. */
const SECRET = 'hunter2';
const secret = fc
  .tuple(fc.string(), fc.constantFrom('', ' ', ',', '%', '#'), fc.string())
  .map(([a, b, c]) => `${a}${SECRET}${b}${c}`);

describe('any setting', () => {
  it(`any setting is read or refused by its name, and secrets are not repeated (${CASES['sets of settings']} cases)`, () => {
    const plain = fc.option(
      fc.oneof(number, fc.string(), fc.constantFrom('auto', 'grip', 'production', 'debug', '60')),
      { nil: undefined },
    );
    const hidden = fc.option(
      fc.oneof(
        secret,
        secret.map((each) => each.repeat(8)),
        secret.map((each) => `{"kty":"${each}`),
        secret.map((each) => `-----BEGIN ${each}`),
      ),
      { nil: undefined },
    );
    const env = fc.record({
      PORT: plain,
      HOLDFAST_HOLD: plain,
      HOLDFAST_STALENESS: plain,
      HOLDFAST_KEEPALIVE: plain,
      HOLDFAST_DRAIN: plain,
      LOG_LEVEL: plain,
      NODE_ENV: plain,
      HOLDFAST_ADMIN_TOKEN: hidden,
      HOLDFAST_SECRET: hidden,
      GRIP_VERIFY_KEY: hidden,
      GRIP_URL: fc.option(
        secret.map((each) => `http://127.0.0.1:5561/?verify-iss=a&key=${encodeURIComponent(each)}`),
        { nil: undefined },
      ),
      HOLDFAST_STORE: fc.option(
        secret.map((each) => `redis://:${each}@127.0.0.1`),
        { nil: undefined },
      ),
    });
    const few = fc
      .tuple(env, fc.subarray(Object.keys(fc.sample(env, 1)[0]!), { maxLength: 3 }))
      .map(([all, names]) =>
        Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name))),
      );
    const outcomes = check('sets of settings', fc.oneof(few, env), (given) => {
      try {
        const settings = readNodeSettings(given);
        expect(settings.warnings.join('\n')).not.toContain(SECRET);
        return 'read';
      } catch (error) {
        expect(error).toBeInstanceOf(SettingsError);
        expect(messageOf(error)).not.toContain(SECRET);
        return 'refused';
      }
    });
    expect(outcomes.size).toBe(2);
  });

  it(`any setting of a proxy is read or refused, and its keys are in no name and no sentence (${CASES['GRIP URLs and keys']} cases)`, () => {
    const parameter = fc.constantFrom('key', 'verify-key', 'iss', 'verify-iss', 'x');
    const url = fc
      .tuple(
        fc.constantFrom('http', 'https', 'ftp', ''),
        fc.option(secret, { nil: '' }),
        fc.constantFrom('h', 'h:5561', '[::1]:1', 'h/a/', ''),
        fc.array(fc.tuple(parameter, fc.oneof(secret, fc.string(), fc.constant(''))), { maxLength: 4 }),
      )
      .map(
        ([scheme, password, host, query]) =>
          `${scheme}://${password === '' ? '' : `u:${encodeURIComponent(password)}@`}${host}?${query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`,
      );
    const keys = fc.oneof(secret, mutated(secret), fc.constant(''));
    const outcomes = check(
      'GRIP URLs and keys',
      fc.tuple(fc.oneof(url, fc.string()), keys),
      ([text, key]) => {
        let split: readonly string[] = [];
        try {
          split = key.trim() === '' ? [] : splitKeys(key);
        } catch (error) {
          expect(messageOf(error)).not.toContain(SECRET);
        }
        try {
          const { name, signers } = parseGripUrl(text, split);
          expect(signers.length).toBeGreaterThan(0);
          expect(name).not.toContain(SECRET);
          return 'read';
        } catch (error) {
          expect(messageOf(error)).not.toContain(SECRET);
          return refusedOr(() => {
            throw error;
          });
        }
      },
    );
    expect(outcomes.size).toBe(2);
  });

  it(`any setting of a store is a place, or is refused without being repeated (${CASES['store locations']} cases)`, () => {
    const good = fc.constantFrom(
      'file:./data',
      'redis://u:hunter2@h:1/2?wait=1',
      'rediss+sentinel://:hunter2@a:1,b/main/3',
      'redis+cluster://u:hunter2@a:1,[::1]:2',
    );
    const outcomes = check(
      'store locations',
      fc.oneof(
        good,
        mutated(good),
        fc.string(),
        fc.string().map((each) => `redis://${each}`),
      ),
      (text) => {
        let refusal = '';
        const outcome = refusedOr(() => {
          try {
            const location = parseStoreLocation(text);
            expect(storeName(location).length).toBeGreaterThan(5);
            return location.kind;
          } catch (error) {
            refusal = messageOf(error);
            throw error;
          }
        });
        expect(refusal).not.toContain(SECRET);
        return outcome;
      },
    );
    expect([...outcomes.keys()].sort()).toEqual(['file', 'redis', 'refused']);
  });
});
