/** Flag files in both directions. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeConfig } from '../../src/ruleset/codec.js';
import { decodeConfig } from '../../src/ruleset/decode.js';
import { HoldfastError } from '../../src/core/errors.js';
import { validateConfig } from '../../src/ruleset/validate.js';
import type { Config } from '../../src/ruleset/model.js';
import { readFlagFile } from '../../src/flag-file/read.js';
import { writeFlagFile } from '../../src/flag-file/write.js';
import { ENVIRONMENT, flag, PROJECT } from '../ruleset/arbitrary.js';
import { anyConfig, anyConfigs } from './arbitrary.js';

const options = { name: 'flags.yaml', environment: `${ENVIRONMENT}` };

function isValid(config: Config): boolean {
  try {
    validateConfig(config, { environment: ENVIRONMENT, projectId: PROJECT, field: '' });
    return true;
  } catch {
    return false;
  }
}

function bytesOf(configs: readonly Config[]): string[] {
  return configs.map((config) =>
    Buffer.from(encodeConfig({ ...config, id: '5', projectId: `${PROJECT}` }).bytes).toString('hex'),
  );
}

describe('flag files in both directions', () => {
  it('any valid ruleset is written and read with the same bytes', () => {
    const valid = anyConfigs.map((configs) => configs.filter(isValid));
    let seen = 0;
    fc.assert(
      fc.property(valid, (configs) => {
        // As they come out of a store.
        const stored = configs.map((config) => decodeConfig(encodeConfig({ ...config, id: '5' })));
        const text = writeFlagFile(stored, options.environment);
        seen += configs.length;
        expect(bytesOf(readFlagFile(text, options)), text).toEqual(bytesOf(configs));
      }),
      { numRuns: 300 },
    );
    expect(seen).toBeGreaterThan(300);
  });

  it('a file that is read and written again says the same', () => {
    fc.assert(
      fc.property(anyConfig.filter(isValid), (config) => {
        const text = writeFlagFile([config], options.environment);
        expect(writeFlagFile(readFlagFile(text, options), options.environment)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('any text is read, or refused with its line and column', () => {
    const file = writeFlagFile([flag('a'), flag('b')], options.environment);
    fc.assert(
      fc.property(fc.nat(file.length), fc.nat(8), fc.string({ maxLength: 6 }), (at, removed, added) => {
        try {
          readFlagFile(file.slice(0, at) + added + file.slice(at + removed), options);
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError);
          expect((error as Error).message).toMatch(/^flags\.yaml:\d+:\d+: /);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('20,000 flags are written and read within the time of a test', () => {
    const configs = Array.from({ length: 20_000 }, (_, i) => flag(`flag-${i}`));
    const text = writeFlagFile(configs, options.environment);
    expect(readFlagFile(text, options)).toHaveLength(20_000);
  });
});
