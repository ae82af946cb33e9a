/**
 * The commits of a flag that cannot be healed: it uses a segment, is lost, and the segment is
 * deleted before the node that has the flag can commit it again.
 */
import type { Config } from '../../src/ruleset/model.js';
import { deletion, text } from '../../test/support/configs.js';
import { until } from '../../test/support/until.js';
import type { SiteNode } from '../site-node.js';
import { attemptCommit, type HttpWriterOptions } from './http.js';
import { tokenOf, writerKey } from './intent.js';
import { segment, userOf } from './segments.js';

const SEGMENT = 'segment.doomed';
const FLAG = 'user.doomed';
/** All nodes that are asked run, and may have to connect to Redis first. Milliseconds. */
const COMMIT_WITHIN = 15_000;
const ANSWER_WITHIN = 5_000;

export interface DoomedWriterOptions extends Pick<HttpWriterOptions, 'name' | 'api' | 'ledger'> {
  readonly environment: bigint;
}

/** Writes two keys that no other writer writes. */
export class DoomedWriter {
  /** `<environment> <key>` of the flags that were seen among the rejected events. */
  readonly givenUp = new Set<string>();
  readonly #options: DoomedWriterOptions;
  #count = 0;

  constructor(options: DoomedWriterOptions) {
    this.#options = options;
  }

  /** Returns the token of the commit. */
  makeSegment(node: SiteNode): Promise<string> {
    return this.#commit(node, (token) => segment(SEGMENT, token));
  }

  /** Returns the token of the commit, which is also the value of the flag. */
  useSegment(node: SiteNode): Promise<string> {
    return this.#commit(node, (token) => userOf(FLAG, SEGMENT, token));
  }

  /** Returns the token of the commit. */
  deleteSegment(node: SiteNode): Promise<string> {
    return this.#commit(node, () => deletion(SEGMENT));
  }

  /** Remembers that the flag was listed as given up: a store that is emptied later forgets that. */
  noteGivenUp(): void {
    this.givenUp.add(`${this.#options.environment} ${FLAG}`);
  }

  /** @throws Error when it is not committed in time */
  async #commit(node: SiteNode, draw: (token: string) => Config): Promise<string> {
    const { name, api, ledger, environment } = this.#options;
    const token = tokenOf(name, ++this.#count);
    const configs = [draw(token), text(writerKey(name), token)];
    const entry = ledger.begin({ token, environment, configs, valid: true }, writerKey(name));
    await until(
      `${token} is committed`,
      async () => {
        entry.attempts++;
        ledger.settle(entry, await attemptCommit(api, node, entry, ANSWER_WITHIN));
        return entry.outcome?.kind === 'committed';
      },
      { timeout: COMMIT_WITHIN, interval: 100, context: () => reasonOf(entry.outcome) },
    );
    return token;
  }
}

function reasonOf(outcome: object | undefined): string {
  return outcome !== undefined && 'reason' in outcome ? String(outcome.reason) : '';
}
