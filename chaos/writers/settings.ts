/**
 * Changes of environments' default contexts. They have neither an Idempotency-Key nor an If-Match:
 * a request that is repeated may be made twice, also later than the one after it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../../src/core/errors.js';
import type { ContextSet } from '../../src/ruleset/model.js';
import { tokenOf } from './intent.js';
import type { HttpWriterOptions } from './http.js';
import type { Entry, Outcome } from './ledger.js';
import type { Pace, Writer } from './writer.js';

const PACE: Pace = [700, 1_800];
const AGAIN: Pace = [100, 400];
const ATTEMPTS: Pace = [1, 8];
const ANSWER_WITHIN: Pace = [500, 5_000];
const CONTEXT = 'chaos';

/** The settings of an environment with that token in its default context. */
function settingsWith(environment: bigint, token: string): object {
  const defaultContext: ContextSet = { contexts: [{ type: CONTEXT, values: { token: { string: token } } }] };
  return { projectId: '1', name: `environment ${environment}`, defaultContext };
}

/** The token in a default context; `undefined` when there is none. */
export function contextToken(context: ContextSet | undefined): string | undefined {
  return context?.contexts?.find(({ type }) => type === CONTEXT)?.values?.token?.string;
}

export class SettingsWriter implements Writer {
  readonly name: string;
  readonly #options: HttpWriterOptions;
  #count = 0;

  constructor(options: HttpWriterOptions) {
    this.#options = options;
    this.name = options.name;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { environments, random } = this.#options;
    while (!signal.aborted) {
      await this.#put(random.pick(environments), random.integer(...ATTEMPTS));
      await pause(random.between(...PACE), undefined, { signal }).catch(() => undefined);
    }
  }

  async #put(environment: bigint, attempts: number): Promise<void> {
    const { ledger, random } = this.#options;
    const token = tokenOf(this.name, ++this.#count);
    const intent = { token, environment, configs: [], valid: true, isSettings: true };
    const entry = ledger.begin(intent, '');
    let outcome: Outcome = { kind: 'unknown', reason: 'not tried' };
    for (let attempt = 0; attempt < attempts && outcome.kind === 'unknown'; attempt++) {
      if (attempt > 0) await pause(random.between(...AGAIN));
      entry.attempts++;
      outcome = await this.#attempt(entry);
    }
    ledger.settle(entry, outcome);
  }

  async #attempt({ intent: { environment, token } }: Entry): Promise<Outcome> {
    const { api, nodes, random } = this.#options;
    const node = random.pick(nodes);
    try {
      const { status, body } = await api(node, `/admin/v1/environments/${environment}`, {
        method: 'PUT',
        body: settingsWith(environment, token),
        timeout: random.integer(...ANSWER_WITHIN),
      });
      // 201: it was deleted, and this node did not have it; those that had it commit it again.
      if (status === 200 || status === 201) {
        const { version } = body as { version: string };
        return { kind: 'committed', version: BigInt(version), ids: new Map(), by: node.index };
      }
      return { kind: status >= 500 ? 'unknown' : 'refused', reason: `${status} ${JSON.stringify(body)}` };
    } catch (error) {
      return { kind: 'unknown', reason: messageOf(error) };
    }
  }
}
