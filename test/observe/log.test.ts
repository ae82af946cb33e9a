import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/observe/log.js';

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
