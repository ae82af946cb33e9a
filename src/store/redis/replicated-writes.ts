/**
 * Writes that wait for replicas: one WAIT for all scripts that are sent together.
 *
 *     one write under way:  EVALSHA a, WAIT
 *     in the meantime:                       b, c and d queue
 *     its answer:                                              EVALSHA b, EVALSHA c, EVALSHA d, WAIT
 *
 * A WAIT covers all writes that its connection sent before it, and holds up all that comes after
 * it. With one for each script, writes would go to the replicas one after the other. Scripts that the
 * server does not have are sent again as texts, with a WAIT of their own.
 */
import type { RedisClient } from './client.js';
import type { Reply } from './codec.js';
import {
  isDigestRefused,
  noteRefusedDigest,
  scriptArguments,
  scriptCommand,
  type Script,
  type ScriptCommand,
} from './script.js';

/** The most scripts that one WAIT confirms: Redis runs as many without a turn for other clients. */
const BATCH_MAX = 64;

/** The reply to a script, and the number of replicas that have its writes. */
export interface ReplicatedReply {
  readonly reply: Reply;
  readonly replicas: number;
}

interface Waiting {
  readonly script: Script;
  readonly resolve: (reply: ReplicatedReply) => void;
  readonly reject: (error: unknown) => void;
}

/** Options of {@link ReplicatedWrites}. */
export interface ReplicatedWritesOptions {
  readonly client: RedisClient;
  /** The number of replicas to wait for. */
  readonly wait: number;
  /** The longest wait for them, milliseconds. */
  readonly timeout: number;
  /** Makes the error of a command from one, and from the milliseconds since it was sent. */
  readonly explain: (error: unknown, waited: number) => unknown;
}

/** Sends writes in batches, one batch at a time. */
export class ReplicatedWrites {
  readonly #options: ReplicatedWritesOptions;
  #queue: Waiting[] = [];
  #isSending = false;

  constructor(options: ReplicatedWritesOptions) {
    this.#options = options;
  }

  /**
   * Runs a script once; resolves when the replicas that confirm its writes in time have done so.
   *
   * @throws the error of the script or of the WAIT, as the client has it
   */
  write(script: Script): Promise<ReplicatedReply> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ script, resolve, reject });
      if (!this.#isSending) void this.#sendAll();
    });
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH_MAX);
      const sent = performance.now();
      await this.#send(batch, scriptCommand(this.#options.client)).catch((failure: unknown) => {
        const error = this.#options.explain(failure, performance.now() - sent);
        for (const { reject } of batch) reject(error);
      });
    }
    this.#isSending = false;
  }

  async #send(batch: readonly Waiting[], command: ScriptCommand): Promise<void> {
    const { client, wait, timeout, explain } = this.#options;
    const pipeline = client.pipeline();
    for (const { script } of batch) pipeline.callBuffer(command, scriptArguments(command, script));
    const sent = performance.now();
    const results = (await pipeline.call('WAIT', [wait, timeout]).exec()) ?? [];
    const waited = performance.now() - sent;
    const [unconfirmed, replicas] = results[batch.length] ?? [];
    const again: Waiting[] = [];
    for (const [index, waiting] of batch.entries()) {
      const [failed, reply] = results[index] ?? [];
      if (command === 'EVALSHA' && isDigestRefused(failed)) {
        noteRefusedDigest(client, failed);
        again.push(waiting);
        continue;
      }
      const error = failed ?? unconfirmed;
      if (error === undefined || error === null)
        waiting.resolve({ reply: reply as Reply, replicas: Number(replicas) });
      else waiting.reject(explain(error, waited));
    }
    if (again.length > 0) await this.#send(again, 'EVAL');
  }
}
