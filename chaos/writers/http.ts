/**
 * Commits over HTTP as a careful program does: each request with an Idempotency-Key, repeated at
 * another node until there is an answer.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../../src/core/errors.js';
import type { Config } from '../../src/ruleset/model.js';
import type { Api } from '../api.js';
import type { Random } from '../random.js';
import type { SiteNode } from '../site-node.js';
import { drawConfigs, tokenOf, writerKey, type Intent } from './intent.js';
import type { Pace } from './writer.js';
import type { Entry, Ledger, Outcome } from './ledger.js';
import type { Writer } from './writer.js';

/** The changes that a writer makes. */
export interface Style {
  /**
   * Draws the configs of one change.
   *
   * @param version the environment's; 0 unless `givesIds`
   */
  readonly draw: (change: {
    readonly writer: string;
    readonly token: string;
    readonly random: Random;
    readonly version: bigint;
  }) => Config[];
  /** Set when configs have ids of their own; the environment's version is read before each change. */
  readonly givesIds?: true;
  /** See `Intent.mayMeet`. */
  readonly mayMeet?: readonly string[];
  /** Milliseconds between two commits. */
  readonly pace: Pace;
}

export interface HttpWriterOptions {
  readonly name: string;
  /** Default: texts and flags, as people change them. */
  readonly style?: Style;
  readonly api: Api;
  readonly nodes: readonly SiteNode[];
  readonly environments: readonly bigint[];
  readonly ledger: Ledger;
  readonly random: Random;
}

const ORDINARY: Style = {
  draw: ({ writer, token, random }) => drawConfigs(writer, token, random),
  pace: [150, 500],
};
/** Milliseconds between two attempts. */
const AGAIN: readonly [number, number] = [100, 400];
/** The timeout of an answer; a short one gives up on many commits that were made. Milliseconds. */
const ANSWER_WITHIN: readonly [number, number] = [500, 5_000];
/** After so many attempts a writer goes on to something else, and never learns what came of it. */
const ATTEMPTS: readonly [number, number] = [1, 12];
/** One in so many commits is made only at the version that the writer last saw. */
const IF_MATCH_CHANCE = 0.2;

export class HttpWriter implements Writer {
  readonly name: string;
  readonly #options: HttpWriterOptions;
  readonly #style: Style;
  readonly #seen = new Map<bigint, bigint>();
  #count = 0;

  constructor(options: HttpWriterOptions) {
    this.#options = options;
    this.#style = options.style ?? ORDINARY;
    this.name = options.name;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { environments, random } = this.#options;
    while (!signal.aborted) {
      await this.#commit(random.pick(environments), random.integer(...ATTEMPTS));
      await pause(random.between(...this.#style.pace), undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * One commit that is tried until it is made. Rejects when it is not within that many
   * milliseconds.
   */
  async insist(environment: bigint, within: number): Promise<void> {
    const deadline = performance.now() + within;
    let reason = '';
    while (performance.now() < deadline) {
      const outcome = await this.#commit(environment, 1_000, deadline);
      if (outcome.kind === 'committed') return;
      if ('reason' in outcome) reason = outcome.reason;
    }
    throw new Error(`no change could be committed within ${within / 1000} s: ${reason}`);
  }

  async #commit(environment: bigint, attempts: number, deadline = Infinity): Promise<Outcome> {
    const { ledger, random } = this.#options;
    const token = tokenOf(this.name, ++this.#count);
    const version = this.#style.givesIds === true ? await this.#versionOf(environment) : 0n;
    const configs = this.#style.draw({ writer: this.name, token, random, version });
    const ifVersion = random.chance(IF_MATCH_CHANCE) ? this.#seen.get(environment) : undefined;
    const { mayMeet = [], givesIds = false } = this.#style;
    const intent: Intent = { token, environment, configs, valid: true, mayMeet, givesIds };
    const entry = ledger.begin(intent, writerKey(this.name), ifVersion);
    let outcome: Outcome = { kind: 'unknown', reason: 'not tried' };
    for (let attempt = 0; attempt < attempts && performance.now() < deadline; attempt++) {
      entry.attempts++;
      outcome = await this.#attempt(entry);
      if (outcome.kind !== 'unknown') break;
      await pause(random.between(...AGAIN));
    }
    if (outcome.kind === 'committed') this.#seen.set(environment, outcome.version);
    // The next one goes without If-Match, and learns the version.
    if (outcome.kind === 'refused') this.#seen.delete(environment);
    ledger.settle(entry, outcome);
    return outcome;
  }

  /** The environment's version by a node's answer; 0 when none answers, and then ids are refused. */
  async #versionOf(environment: bigint): Promise<bigint> {
    const { api, nodes, random } = this.#options;
    try {
      const { body } = await api(random.pick(nodes), `/admin/v1/environments/${environment}`, {
        timeout: 1_000,
      });
      return BigInt((body as { version?: string }).version ?? '0');
    } catch {
      return 0n;
    }
  }

  #attempt(entry: Entry): Promise<Outcome> {
    const { api, nodes, random } = this.#options;
    return attemptCommit(api, random.pick(nodes), entry, random.integer(...ANSWER_WITHIN));
  }
}

/** Sends a commit to a node once. @param timeout milliseconds */
export async function attemptCommit(
  api: Api,
  node: SiteNode,
  { intent, ifVersion }: Entry,
  timeout: number,
): Promise<Outcome> {
  const headers: Record<string, string> = { 'idempotency-key': intent.token };
  if (ifVersion !== undefined) headers['if-match'] = `"${ifVersion}"`;
  try {
    const { status, body } = await api(node, `/admin/v1/environments/${intent.environment}/changes`, {
      body: { configs: intent.configs },
      headers,
      timeout,
    });
    if (status === 200) {
      const { version, configs } = body as { version: string; configs: { key: string; id: string }[] };
      const ids = new Map(configs.map(({ key, id }) => [key, BigInt(id)]));
      return { kind: 'committed', version: BigInt(version), ids, by: node.index };
    }
    const reason = `${status} ${JSON.stringify(body)}`;
    return { kind: status >= 500 ? 'unknown' : 'refused', reason };
  } catch (error) {
    return { kind: 'unknown', reason: messageOf(error) };
  }
}
