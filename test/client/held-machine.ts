/** The machine with a clock and a chance that are the test's. */
import type { Action, Answer, Event, Failure, Saved } from '../../src/client/events.js';
import { Machine } from '../../src/client/machine.js';
import type { Rules } from '../../src/client/sources.js';

/** The defaults of options.ts, without hedging. */
const RULES: Rules = {
  timeout: 5_000,
  hedge: undefined,
  poll: 60_000,
  minConnection: 5_000,
  idle: 65_000,
  staleAfter: 150_000,
  backoff: { first: 1_000, max: 30_000 },
};
export function machineOf(streams: readonly boolean[], rules: Partial<Rules> = {}) {
  const machine = new Machine(streams, { ...RULES, ...rules });
  let now = 0;
  const sent: Action[] = [];
  const held = {
    machine,
    chance: 0.5,
    /** The actions of the last event. */
    actions: [] as Action[],
    get now() {
      return now;
    },
    say(event: Event): Action[] {
      held.actions = machine.handle(event, { now, random: () => held.chance });
      sent.push(...held.actions);
      return held.actions;
    },
    start: (saved?: Saved) => held.say({ kind: 'start', saved }),
    answer: (answer: Answer, attempt = held.asked('fetch').attempt) => {
      return held.say({ kind: 'answer', attempt, answer });
    },
    ended: (end: Failure | { kind: 'ended' } = { kind: 'ended' }) => {
      return held.say({ kind: 'ended', attempt: held.asked('subscribe').attempt, end });
    },
    open: () => held.say({ kind: 'opened', attempt: held.asked('subscribe').attempt }),
    message: (version: bigint, environment = 7n) => {
      return held.say({ kind: 'message', attempt: held.asked('subscribe').attempt, environment, version });
    },
    /** The last request of that kind. */
    asked<K extends 'fetch' | 'subscribe'>(kind: K): Extract<Action, { kind: K }> {
      const found = sent.findLast((action) => action.kind === kind);
      if (found === undefined) throw new Error(`nothing was asked by ${kind}`);
      return found as Extract<Action, { kind: K }>;
    },
    /** Lets time pass until it subscribes. */
    passUntilSubscribed(): void {
      while (!held.actions.some(({ kind }) => kind === 'subscribe')) held.pass(machine.wakeAt - now);
    },
    /**
     * Lets time pass, and says `time` whenever the machine wants to be woken; returns all that it
     * did.
     */
    pass(milliseconds: number): Action[] {
      const until = now + milliseconds;
      const all: Action[] = [];
      while (machine.wakeAt <= until) {
        now = Math.max(now, machine.wakeAt);
        all.push(...held.say({ kind: 'time' }));
      }
      now = until;
      return all;
    },
  };
  return held;
}
