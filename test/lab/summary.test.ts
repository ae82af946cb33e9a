/** The meaning of a run's figures, shown on runs made by hand. */
import { describe, expect, it } from 'vitest';
import type { ClientKind } from '../../lab/clients.js';
import { chart } from '../../lab/chart.js';
import { Journal } from '../../lab/journal.js';
import { joinersTable, runTable } from '../../lab/report.js';
import type { Run } from '../../lab/run.js';
import { endedAt, requestsPerSecond, summarize } from '../../lab/summary.js';

type Write = (journal: Journal, at: (milliseconds: number) => void) => void;

/** A journal that was kept at the times which `write` says. */
function journal(write: Write): Journal {
  let now = 0;
  const written = new Journal(() => now);
  write(written, (milliseconds) => (now = milliseconds));
  return written;
}

/** A run of ten seconds with an event in the middle of each of the first three. */
function makeRun(clients: readonly Write[], kind: ClientKind = 'naive', restartAt?: number): Run {
  const records = clients.map((write) => ({ kind, journal: journal(write) }));
  return {
    options: { clients: { [kind]: clients.length }, seconds: 10, restartAt },
    published: new Map([1, 2, 3].map((number) => [number, number * 1_000 - 500])),
    results: [{ name: 'a', clients: records, originRequests: 7 }],
    ownDelay: 120,
  };
}

function only(run: Run) {
  return summarize(run, run.results[0]!)[0]!;
}

describe('events', () => {
  it('events are in time, late, or missed', () => {
    const run = makeRun([
      (client, at) => {
        at(600);
        client.see([1]);
        at(3_600);
        client.see([2]);
      },
    ]);
    expect(only(run)).toMatchObject({ events: 3, inTime: 1, late: 1, missed: 1 });
  });

  it('events count once, when they were received first', () => {
    const run = makeRun([
      (client, at) => {
        at(600);
        client.see([1]);
        at(9_000);
        client.see([1]);
      },
    ]);
    expect(only(run)).toMatchObject({ inTime: 1, late: 0 });
  });

  it('events are missed when they come after the end of the run', () => {
    const run = makeRun([
      (client, at) => {
        at(10_001);
        client.see([1, 2, 3]);
      },
    ]);
    expect(only(run)).toMatchObject({ missed: 3, silence: 10 });
  });

  it('events are a mean over the clients', () => {
    const run = makeRun([(client) => client.see([1, 2]), () => undefined]);
    expect(only(run).missed).toBe(2);
  });
});

describe('an earlier end of a run', () => {
  it('an earlier end of a run leaves out what came and what was published afterwards', () => {
    const run = makeRun([
      (client, at) => {
        client.request();
        at(600);
        client.see([1]);
        at(4_000);
        client.request();
        client.see([2]);
      },
    ]);
    const early = only(endedAt(run, 3));
    expect(early).toMatchObject({ requests: 1, events: 2, inTime: 1, missed: 1, silence: 2.4 });
  });
});

describe('the longest silence', () => {
  it('the longest silence is the longest of any client, repetitions being no news', () => {
    const run = makeRun([
      (client, at) => {
        for (const second of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
          at(second * 1_000);
          client.see([Math.min(second, 3)]);
        }
      },
    ]);
    expect(only(run).silence).toBe(7);
  });
});

describe('connections', () => {
  it('connections are short when they end within half a second', () => {
    const run = makeRun([
      (client, at) => {
        for (const length of [25, 499, 500]) {
          at(1_000);
          const connection = client.open();
          at(1_000 + length);
          client.end(connection);
        }
        client.open();
      },
    ]);
    expect(only(run).shortConnections).toBe(2);
  });
});

describe('requests', () => {
  const twice = makeRun(
    [
      (client, at) => {
        for (const time of [0, 3_100, 3_900, 10_500]) {
          at(time);
          client.request();
        }
      },
    ],
    'naive',
    3,
  );

  it('requests are counted by the second in which they were sent', () => {
    expect(requestsPerSecond(twice, twice.results[0]!)).toEqual([1, 0, 0, 2, 0, 0, 0, 0, 0, 0]);
  });

  it('requests count while the run goes on', () => {
    expect(only(twice).requests).toBe(3);
  });

  it('requests are drawn as one bar for each second that has some, with the restart', () => {
    const svg = chart(twice);
    expect(svg.match(/<rect class="bar"/g)).toHaveLength(2);
    expect(svg).toContain('(a) streaming miss: 3 requests');
    expect(svg).toContain('>restart<');
    expect(svg).toContain('prefers-color-scheme: dark');
  });

  it('stand in the table next to those at the origin', () => {
    expect(runTable(twice)).toMatch(/\| \(a\) streaming miss \| +naive \| +3\.0 \|.*\| +7 \|$/m);
  });
});

describe('what late joiners download', () => {
  it('what late joiners download is reported as the least and the most of their connections', () => {
    const run = makeRun(
      [
        (client) => {
          client.open().bytes = 1_500;
          client.open().bytes = 60_000;
        },
      ],
      'late joiner',
    );
    expect(joinersTable(run)).toMatch(/\| +1\.5 \| +60\.0 \| +2 \| +7 \|$/m);
  });
});
