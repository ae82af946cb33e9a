/** The largest change and the largest config. */
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { MESSAGE_MAX_BYTES } from '../../src/ruleset/event.js';
import type { TestEnvironment } from '../support/app.js';
import { flag, text } from '../support/configs.js';
import { sharedApp } from '../support/shared.js';

const MIB = 1024 * 1024;

const app = sharedApp();
let environment: TestEnvironment;

beforeEach(async () => {
  environment = await app.environment();
});

/** A good change, with spaces up to that many bytes. */
const padded = (bytes: number) => JSON.stringify({ configs: [flag('padded', true)] }).padEnd(bytes, ' ');
const version = async () =>
  (await app.admin('get', `/environments/${environment.id}`).expect(200)).body.version as string;

describe('a change', () => {
  it('a change of exactly 1 MiB is accepted', async () => {
    expect((await environment.change(padded(MIB))).status).toBe(200);
  });

  it('a change of 1 MiB and a byte is refused, with the limit, and nothing of it is committed', async () => {
    const { status, body, headers } = await environment.change(padded(MIB + 1));
    expect([status, body.error.code]).toEqual([413, 'change_too_large']);
    expect(body.error.message).toContain(`${MIB} bytes`);
    expect(headers['cache-control']).toBe('no-store');
    expect(await version()).toBe('0');
  });

  it('a change as protobuf has the same limit', async () => {
    const headers = { 'content-type': 'application/x-protobuf' };
    const answer = await environment.change(Buffer.alloc(MIB + 1), headers);
    expect([answer.status, answer.body.error.code]).toEqual([413, 'change_too_large']);
  });

  it('a change that is small only while it is compressed is refused', async () => {
    const answer = await environment.change(gzipSync(padded(MIB + 1)), { 'content-encoding': 'gzip' });
    expect([answer.status, answer.body.error.code]).toEqual([413, 'change_too_large']);
    expect(await version()).toBe('0');
  });
});

describe('a config', () => {
  it('a config that just fits into one event is accepted; one byte more is refused, and nothing is committed', async () => {
    await environment.commit(text('k', 'x'.repeat(40_000)));
    const message = await app.http.get('/api/v1/configs/0').auth('t', environment.key).responseType('blob');
    const fits = 40_000 + MESSAGE_MAX_BYTES - (message.body as Buffer).length;
    const before = await environment.commit(text('k', 'x'.repeat(fits)));
    const data = /^data: (.*)$/m.exec((await environment.subscribe()).text)![1]!;
    expect(Buffer.from(data, 'base64')).toHaveLength(MESSAGE_MAX_BYTES);
    const { status, body } = await environment.change({
      configs: [flag('good', true), text('k', 'x'.repeat(fits + 1))],
    });
    expect([status, body.error.code, body.error.field]).toEqual([413, 'config_too_large', 'configs[1]']);
    expect(await version()).toBe(before.version);
  });
});

describe('a default context', () => {
  it('a default context that leaves a config no room in an event is refused', async () => {
    const before = await environment.commit(text('k', 'x'.repeat(40_000)));
    const values = { big: { string: 'x'.repeat(10_000) } };
    const { status, body } = await app
      .admin('put', `/environments/${environment.id}`)
      .send({ projectId: '1', name: 'x', defaultContext: { contexts: [{ type: 'team', values }] } });
    expect([status, body.error.code, body.error.field]).toEqual([413, 'config_too_large', 'defaultContext']);
    expect(await version()).toBe(before.version);
  });
});
