/**
 * Every kind of fault, in one table: its target, how long it lasts, and what it excuses. A kind is
 * added here and in perform.ts.
 *
 * What excuses little makes a strict check. A fault on the way from the leader to a proxy excuses
 * nothing at all: the invariant says that no hold goes unverified for longer than T, also if every
 * publish is lost.
 */

export type Resource =
  | 'node' // one of the nodes, or the one that leads
  | 'leader'
  | 'redis'
  | 'redis links' // between Redis and all nodes
  | 'redis link' // between Redis and one node
  | 'pushpin'
  | 'publish link' // in front of one Pushpin's publish port
  | 'readers' // some of the clients
  | 'installation'; // all of it, with one node or environment in a part of its own

export interface Kind {
  readonly on: Resource;
  /** The bounds of its duration, seconds; what then is started again takes its own time. */
  readonly seconds: readonly [number, number];
  /** Lasts longer in longer runs. */
  readonly stretches?: true;
  /**
   * The holds whose staleness it excuses while it lasts: `all`: everyone's, because it stands
   * between what is committed and every node's memory; `those it meets`: that of holds at the node,
   * or of the clients, that it meets; `none`.
   */
  readonly excuses: 'all' | 'those it meets' | 'none';
  /** Nothing else happens meanwhile. */
  readonly alone?: true;
  /** The nodes that it does not meet are killed. */
  readonly endsOthers?: true;
  /** Events of every environment may wait in the inbox while it lasts, and a lease after it. */
  readonly stopsInbox?: true;
}

const table = {
  'node killed': { on: 'node', seconds: [0, 3], excuses: 'none', stopsInbox: true },
  'node stopped': { on: 'node', seconds: [0, 3], excuses: 'none', stopsInbox: true },
  // Longer than its lease of 6 s. A proxy's question that the node has taken hangs for as long.
  'leader paused': { on: 'leader', seconds: [6.5, 8.5], excuses: 'all', stopsInbox: true },
  'clock an hour off': { on: 'node', seconds: [0, 0.5], excuses: 'none', stopsInbox: true },
  'redis killed': { on: 'redis', seconds: [0.1, 3], excuses: 'all', stopsInbox: true },
  'redis lost its last second': { on: 'redis', seconds: [0, 1], excuses: 'all', stopsInbox: true },
  'redis emptied': { on: 'redis', seconds: [1, 3], excuses: 'all', alone: true, stopsInbox: true },
  // The other nodes die with it, and what has changed when the paused one goes on is not what it has.
  'redis lost what one node has': {
    on: 'installation',
    seconds: [2, 6],
    excuses: 'all',
    alone: true,
    endsOthers: true,
    stopsInbox: true,
  },
  // The same, and what the paused one has cannot be committed again: healing must give it up.
  'redis lost what cannot be healed': {
    on: 'installation',
    seconds: [3, 6],
    excuses: 'all',
    alone: true,
    endsOthers: true,
    stopsInbox: true,
  },
  // Longer than an event of another environment may wait.
  'environment deleted': { on: 'installation', seconds: [10, 12], excuses: 'all', alone: true },
  'redis slow': { on: 'redis links', seconds: [2, 5], excuses: 'all', stopsInbox: true },
  'redis cut off': { on: 'redis link', seconds: [2, 7], excuses: 'all', stopsInbox: true },
  'redis silent': { on: 'redis link', seconds: [2, 7], excuses: 'all', stopsInbox: true },
  'pushpin killed': { on: 'pushpin', seconds: [0.1, 2], excuses: 'none' },
  'publishing cut off': { on: 'publish link', seconds: [2, 8], stretches: true, excuses: 'none' },
  'publishing slow': { on: 'publish link', seconds: [2, 5], excuses: 'none' },
  'publishes lost': { on: 'publish link', seconds: [0.5, 4], excuses: 'none' },
  'answers lost': { on: 'publish link', seconds: [0.5, 4], excuses: 'none' },
  'publishes late': { on: 'publish link', seconds: [1, 4], excuses: 'none' },
  'publishes twice': { on: 'publish link', seconds: [1, 4], excuses: 'none' },
  'publishes reordered': { on: 'publish link', seconds: [1, 4], excuses: 'none' },
  'publishing limited': { on: 'publish link', seconds: [1, 4], excuses: 'none' },
  'publishing refused': { on: 'publish link', seconds: [1, 4], excuses: 'none' },
  'readers slow': { on: 'readers', seconds: [2, 6], stretches: true, excuses: 'those it meets' },
  'key revoked': { on: 'readers', seconds: [0, 0], excuses: 'none' },
  'readers vanish': { on: 'readers', seconds: [0, 0], excuses: 'none' },
} as const satisfies Record<string, Kind>;

export type FaultKind = keyof typeof table;

export const KINDS: Readonly<Record<FaultKind, Kind>> = table;

export const ALL_KINDS = Object.keys(table) as FaultKind[];

/** The kind of that name. @throws Error with the names that there are */
export function kindNamed(name: string): FaultKind {
  const found = ALL_KINDS.find((kind) => kind === name);
  if (found === undefined) throw new Error(`there is no fault ${name}; there are: ${ALL_KINDS.join(', ')}`);
  return found;
}
