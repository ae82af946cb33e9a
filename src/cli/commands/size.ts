/** `size`: what an installation needs. */
import { answer, type CommandContext } from '../context.js';
import { UsageError } from '../io.js';
import { COSTS, sizeFor, sizeText } from '../size.js';

/** The options of `size`, as they were given. */
export interface SizeOptions {
  readonly flags: string;
  readonly clients: string;
  readonly changes: string;
}

/** The part of a processor above which the leader has too little left for peaks. */
const LEADER_FULL = 0.5;

/** Prints the size of an installation for a load. */
export function printSize(context: CommandContext, options: SizeOptions): void {
  const load = {
    flags: countOf(options.flags, '--flags'),
    clients: countOf(options.clients, '--clients'),
    changes: countOf(options.changes, '--changes'),
  };
  const size = sizeFor(load);
  const { HOLDFAST_STALENESS, ...pushpin } = size.settings;
  answer(context, { load, ...size, costs: COSTS }, (out) => {
    const { flags, clients, changes } = load;
    out.line(
      `For ${sizeText(flags)} flags, ${sizeText(clients)} clients and ${sizeText(changes)} changes a minute, while one proxy and one node are down:`,
    );
    out.line(
      `  Nodes     ${size.nodes}, each with ${size.nodeProcessors} CPUs and ${sizeText(size.nodeMemory)} MiB`,
    );
    out.line(
      `  Pushpin   ${size.pushpins}, each with 2 CPUs and ${sizeText(size.pushpinMemory)} MiB: ${sizeText(size.holdsPerPushpin)} holds, ${sizeText(size.holdsWithoutOne)} while one is down`,
    );
    out.line(`  Settings  HOLDFAST_STALENESS=${HOLDFAST_STALENESS}`);
    for (const [name, value] of Object.entries(pushpin)) out.line(`            ${name}=${value}`);
    out.line(`  A change reaches the last client in about ${size.fanOutSeconds} s, by the pace of Pushpin.`);
    if (size.leaderProcessor > LEADER_FULL) {
      out.line(
        `  The leader needs ${size.leaderProcessor} of a processor to publish, and has one, which no further node shares: fewer proxies or fewer changes are needed (docs/decisions/0075).`,
      );
    }
    out.line('From costs measured on 2 cores (docs/benchmarks.md); half of each resource is left free.');
  });
}

function countOf(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new UsageError(`${name} must be a whole number up to 999999999, and is ${JSON.stringify(text)}.`);
  }
  return Number(text);
}
