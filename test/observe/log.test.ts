import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLog, linesForPeople } from '../../src/observe/log.js';

function capture(level = 'info') {
  const lines: string[] = [];
  return { log: createLog(level, { write: (line) => void lines.push(line) }), lines };
}

describe('a log line', () => {
  it('a log line is one JSON object with the level’s name, an ISO time and what was said', () => {
    const { log, lines } = capture();
    log.warn({ proxy: 'a' }, 'two\nlines');
    expect(lines).toHaveLength(1);
    expect(lines[0]!.trimEnd()).not.toContain('\n');
    const line = JSON.parse(lines[0]!) as Record<string, string>;
    expect(line).toMatchObject({ level: 'warn', proxy: 'a', msg: 'two\nlines' });
    expect(new Date(line.time!).toISOString()).toBe(line.time);
  });

  it('below the level is not written', () => {
    const { log, lines } = capture('error');
    log.warn('quiet');
    log.error('loud');
    expect(lines).toHaveLength(1);
  });

  it.each<[object]>([
    [{ authorization: 'hunter2' }],
    [{ headers: { authorization: 'hunter2' } }],
    [{ request: { headers: { authorization: 'hunter2' } } }],
    [{ token: 'hunter2' }],
    [{ settings: { token: 'hunter2' } }],
    [{ secret: 'hunter2' }],
    [{ settings: { secret: 'hunter2' } }],
  ])('a log line has no secret: %j', (fields) => {
    const { log, lines } = capture();
    log.info(fields, 'said');
    expect(lines[0]).not.toContain('hunter2');
    expect(lines[0]).toContain('said');
  });
});

describe('a log line with an origin', () => {
  it('a log line with an origin names the node and the version', () => {
    const lines: string[] = [];
    const origin = { node: 'pod-1', version: '1.2.3' };
    createLog('info', { write: (line) => void lines.push(line) }, { origin })
      .child({ proxy: 'a' })
      .info('said');
    expect(JSON.parse(lines[0]!)).toMatchObject({ node: 'pod-1', version: '1.2.3', proxy: 'a', msg: 'said' });
  });
});

describe('a log line for people', () => {
  async function printed(colours: boolean): Promise<string> {
    const stream = new PassThrough();
    const destination = await linesForPeople(colours, stream);
    const log = createLog('info', destination, { origin: { node: 'pod-1', version: '1.2.3' } });
    log.warn({ proxy: 'http://a', waiting: 2, token: 'hunter2' }, 'the proxy does not accept items');
    return String(stream.read());
  }

  it('a log line for people has the time, the level, the message and the fields, on one line', async () => {
    expect(await printed(false)).toMatch(
      /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: the proxy does not accept items \{"proxy":"http:\/\/a","waiting":2,"token":"\[Redacted\]"\}\n$/,
    );
  });

  it('a log line for people has no character that a terminal obeys or that reorders text', async () => {
    const stream = new PassThrough();
    const log = createLog('info', await linesForPeople(false, stream));
    const error = 'a\u001b[2J\u009b2J\u202eb\u0007';
    log.info({ error, nested: { error }, err: new Error(error) }, 'said');
    const text = String(stream.read());
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(text).toContain('\\u202eb');
  });

  it('a log line for people has colours only where they are wanted', async () => {
    expect(await printed(true)).toContain('\u001b[');
    expect(await printed(false)).not.toContain('\u001b');
  });
});
