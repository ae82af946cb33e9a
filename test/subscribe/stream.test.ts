import { describe, expect, it } from 'vitest';
import { clientPosition } from '../../src/ruleset/client-position.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { KEEP_ALIVE, RefetchContents, streamStart } from '../../src/subscribe/stream.js';

describe('a stream', () => {
  it('a stream begins with a blank line, a comment and a retry that differs per response', () => {
    expect(streamStart(0)).toBe('\n: holdfast\nretry: 1000\n');
    expect(streamStart(0.5)).toBe('\n: holdfast\nretry: 5500\n');
    expect(streamStart(0.999_999)).toBe('\n: holdfast\nretry: 9999\n');
  });

  it('a stream is kept alive by a comment', () => {
    expect(KEEP_ALIVE).toMatch(/^:[^\n]*\n$/);
  });
});

describe('the events of an event stream', () => {
  const at = 1_700_000_000_999_999n;
  const ruleset = (clientVersion: bigint) => new Ruleset({ ...place, clientVersion });
  const place = { environment: 7n, version: 9n, at, envelope: new Uint8Array(), configs: [] };

  it('the events of an event stream are one, which says as JSON what to fetch again and since when, and has the client version as its id', () => {
    const text = 'data: {"type":"refetchEvaluation","etag":"5","lastModified":1700000000}\nid: 5\n\n';
    const events = new RefetchContents(0, () => 0).events(ruleset(5n), clientPosition(3n, 0));
    expect(events.map((event) => [event.id, event.size, event.text()])).toEqual([
      [clientPosition(5n, 0), text.length, text],
    ]);
  });

  it('the events of an event stream are the same for any reader that stands elsewhere, and none for one that has everything', () => {
    const refetches = new RefetchContents(0, () => 0);
    const [one, other] = [
      refetches.events(ruleset(5n), clientPosition(6n, 0)),
      refetches.events(ruleset(5n), clientPosition(3n, 0)),
    ];
    expect(one.map((event) => event.text())).toEqual(other.map((event) => event.text()));
    expect(refetches.events(ruleset(5n), clientPosition(5n, 0))).toEqual([]);
  });
});
