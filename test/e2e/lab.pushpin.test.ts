/**
 * A short run of the lab (docs/streaming-miss.md): streaming miss, the same with the published
 * workaround, and Holdfast behind Pushpin, with a real Varnish and a real Pushpin, one restart of
 * each origin, and the same clients.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ClientKind } from '../../lab/clients.js';
import { run, type Run } from '../../lab/run.js';
import { withSetUps, type SetUpName } from '../../lab/set-ups.js';
import { summarize, type Summary } from '../../lab/summary.js';

const CLIENTS = { naive: 4, EventSource: 4, 'back-off': 4 } as const;
const KINDS = Object.keys(CLIENTS) as ClientKind[];

let lab: Run;

beforeAll(async () => {
  const names: SetUpName[] = ['a', 'b', 'c', 'a-aborted', 'b-literal'];
  lab = await withSetUps(names, (setUps) => run(setUps, { clients: CLIENTS, seconds: 12, restartAt: 3 }));
});

function summary(name: SetUpName, kind: ClientKind): Summary {
  const result = lab.results.find((each) => each.name === name)!;
  return summarize(lab, result).find((each) => each.kind === kind)!;
}

function missed(name: SetUpName): number[] {
  return KINDS.map((kind) => summary(name, kind).missed);
}

function originRequests(name: SetUpName): number | undefined {
  return lab.results.find((each) => each.name === name)!.originRequests;
}

describe('the restart of an origin', () => {
  it.each(['naive', 'EventSource'] as const)(
    'the restart of an origin costs a client of streaming miss (%s) five times the requests that it costs a client of Holdfast, or more',
    (kind) => {
      const { requests } = summary('a', kind);
      expect(requests).toBeGreaterThanOrEqual(5 * summary('c', kind).requests);
    },
  );

  it('the restart of an origin ends no stream of Holdfast, and loses none of its events', () => {
    expect(KINDS.map((kind) => summary('c', kind).requests)).toEqual([1, 1, 1]);
    expect(missed('c')).toEqual([0, 0, 0]);
  });

  it('the restart of an origin leaves clients of streaming miss with the copy of a finished stream, whatever is published', () => {
    for (const kind of KINDS) {
      const { shortConnections, missed: lost, silence } = summary('a', kind);
      expect(shortConnections).toBeGreaterThanOrEqual(2);
      expect(lost).toBeGreaterThanOrEqual(6);
      expect(silence).toBeGreaterThan(6);
    }
    expect(originRequests('a')).toBe(1);
  });

  it('the restart of an origin loses nothing where the cache drops the finished stream, and the requests for the next one are one', () => {
    expect(missed('b')).toEqual([0, 0, 0]);
    expect(originRequests('b')).toBe(2);
  });

  it('the restart of an origin loses nothing where the origin destroys its sockets, because such a response is not kept', () => {
    expect(missed('a-aborted')).toEqual([0, 0, 0]);
  });

  it('the restart of an origin is not helped by the literal form of the workaround in Varnish 7', () => {
    expect(originRequests('b-literal')).toBe(1);
    expect(Math.min(...missed('b-literal'))).toBeGreaterThanOrEqual(6);
  });

  it('the restart of an origin makes clients that back off from short connections ask less, and wait no shorter', () => {
    expect(summary('a', 'back-off').requests).toBeLessThan(summary('a', 'naive').requests);
    expect(summary('a', 'back-off').missed).toBeGreaterThanOrEqual(summary('a', 'naive').missed);
  });
});
