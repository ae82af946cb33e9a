/**
 * All clients of a run: of several kinds, at both Pushpins and held directly by the nodes, in
 * several environments.
 */
import { until } from '../test/support/until.js';
import type { Client, ClientOptions } from './clients/client.js';
import { EventSourceClient } from './clients/event-source.js';
import type { Via } from './clients/journal.js';
import { SdkClient } from './clients/sdk.js';
import { StrictClient } from './clients/strict.js';
import { NODES, PUSHPINS } from './plan.js';
import type { Random } from './random.js';
import type { Site } from './site.js';
import type { Truth } from './truth.js';
import { TEXT_KEYS } from './writers/intent.js';

/** The kinds among a hundred clients. The rest are strict. */
const SDKS = 0.05;
const EVENT_SOURCES = 0.15;
/** The habits of the strict clients and the EventSources. */
const DIRECT = 0.2;
/**
 * Connections that are begun at once: Pushpin 1.36 answers some of 200 with an error, of 100 none.
 */
const AT_ONCE = 20;
/** Clients that share a key which can be revoked. */
const TENANTS = 3;
const OPEN_WITHIN = 30_000;

export interface CrowdOptions {
  readonly count: number;
  readonly environments: readonly bigint[];
  /** API keys by environment. */
  readonly keys: ReadonlyMap<bigint, string>;
  /** Keys that some of the strict clients have instead, to be revoked. */
  readonly spareKeys: readonly SpareKey[];
  readonly site: Site;
  readonly random: Random;
}

export interface SpareKey {
  readonly environment: bigint;
  readonly id: string;
  readonly key: string;
}

/** Clients that have a key of their own. */
export interface Tenants {
  readonly keyId: string;
  readonly clients: readonly StrictClient[];
}

export class Crowd {
  readonly #tenants = new Map<string, StrictClient[]>();
  readonly strict: StrictClient[] = [];
  readonly eventSources: EventSourceClient[] = [];
  readonly sdks: SdkClient[] = [];

  get all(): Client[] {
    return [...this.strict, ...this.eventSources, ...this.sdks];
  }

  /** The clients whose connection that Pushpin or node holds. */
  at(via: Via): Client[] {
    return this.all.filter((client) => client.via.kind === via.kind && client.via.index === via.index);
  }

  /** Clients whose key was not revoked yet; `undefined` when there are no more. */
  nextTenants(): Tenants | undefined {
    const next = this.#tenants.entries().next();
    if (next.done === true) return undefined;
    const [keyId, clients] = next.value;
    this.#tenants.delete(keyId);
    return { keyId, clients };
  }

  /** Opens all connections; resolves when each client has what is in the store now. */
  async open(options: CrowdOptions, truth: Truth): Promise<void> {
    const plan = clientPlan(options);
    for (let i = 0; i < plan.length; i += AT_ONCE) {
      const batch = await Promise.all(plan.slice(i, i + AT_ONCE).map((start) => this.#start(start)));
      let lacking: string | undefined;
      await until(
        'the clients have the first ruleset',
        () => {
          const found = batch.find((client) => client.differs(truth) !== undefined);
          lacking = found && `${found.name} ${found.differs(truth) ?? ''}`;
          return found === undefined;
        },
        { timeout: OPEN_WITHIN, context: () => lacking ?? '' },
      );
    }
  }

  close(): void {
    for (const client of this.all) client.close();
  }

  async #start({ kind, options, keyId }: ClientStart): Promise<Client> {
    switch (kind) {
      case 'strict': {
        const client = new StrictClient(options);
        this.strict.push(client);
        if (keyId !== undefined) this.#tenants.set(keyId, [...(this.#tenants.get(keyId) ?? []), client]);
        return client;
      }
      case 'EventSource': {
        const client = new EventSourceClient(options);
        this.eventSources.push(client);
        return client;
      }
      case 'SDK': {
        const client = new SdkClient(options, TEXT_KEYS);
        this.sdks.push(client);
        await client.start();
        return client;
      }
    }
  }
}

interface ClientStart {
  readonly kind: 'strict' | 'EventSource' | 'SDK';
  readonly options: ClientOptions;
  /** A client of a key that others do not have. */
  readonly keyId: string | undefined;
}

function clientPlan({ count, environments, keys, spareKeys, site, random }: CrowdOptions): ClientStart[] {
  const sdks = Math.max(1, Math.round(count * SDKS));
  const eventSources = Math.max(1, Math.round(count * EVENT_SOURCES));
  return Array.from({ length: count }, (_, index) => {
    const kind = index < sdks ? 'SDK' : index < sdks + eventSources ? 'EventSource' : 'strict';
    const via = drawVia(kind !== 'SDK', index, random);
    const spare = spareKeys[Math.floor((index - sdks - eventSources) / TENANTS)];
    const environment = spare?.environment ?? environments[index % environments.length]!;
    const name = `${kind} ${index + 1} (environment ${environment}, ${via.kind} ${via.index + 1})`;
    const fork = random.fork(name);
    const options = {
      name,
      environment,
      key: spare?.key ?? keys.get(environment)!,
      via,
      url: via.kind === 'direct' ? site.nodes[via.index]!.url : site.pushpins[via.index]!.url,
      random: () => fork.next(),
    };
    return { kind, options, keyId: spare?.id };
  });
}

/** The SDKs are all at the Pushpins: there are so few of them. */
function drawVia(direct: boolean, index: number, random: Random): Via {
  if (direct && random.chance(DIRECT)) return { kind: 'direct', index: random.integer(0, NODES - 1) };
  return { kind: 'pushpin', index: index % PUSHPINS };
}
