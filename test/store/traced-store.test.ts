/** Commits as spans: which are, and the trace that their feed entries carry. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CanaryCommits } from '../../src/canary/commits.js';
import { traced, type ActiveSpan, type Tracing } from '../../src/observe/tracing.js';
import { openFileStore } from '../../src/store/file/store.js';
import type { Store } from '../../src/store/store.js';
import { tracedStore } from '../../src/store/traced-store.js';
import { creation, flag, Follower, removeDirectory, silent, temporaryDirectory, update } from './fixtures.js';

/** The part of tracing that a store uses, which notes the spans that begin. */
class NotedTracing implements Pick<Tracing, 'begin' | 'current'> {
  readonly begun: string[] = [];
  readonly #open: string[] = [];

  begin(name: string): ActiveSpan {
    this.begun.push(name);
    this.#open.push(name);
    const end = (): void => void this.#open.splice(this.#open.indexOf(name), 1);
    return {
      traceId: '',
      sampled: true,
      within: (work) => work(),
      set: () => undefined,
      rename: () => undefined,
      end,
    };
  }

  /** The span under way: the last that has not ended. */
  current(): string | undefined {
    return this.#open.at(-1);
  }
}

describe('a store with traces', () => {
  let directory: string;
  let spans: NotedTracing;
  let tracing: Tracing;
  let opened: Store;
  let store: Store;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    spans = new NotedTracing();
    tracing = spans as unknown as Tracing;
    opened = await openFileStore(directory, { log: silent });
    store = tracedStore(opened, tracing);
  });

  afterEach(async () => {
    await opened.close();
    await removeDirectory(directory);
  });

  it('a store with traces makes a span of a commit, whose feed entry carries the trace around it', async () => {
    await store.commit(creation(1n));
    const follower = new Follower(store, await store.head());
    await traced(tracing, 'commit', () => store.commit(update(1n, 0n, [flag(10n, 'a')])));
    await follower.reaches(10n);
    await follower.stop();
    expect(spans.begun).toEqual(['store.commit', 'commit', 'store.commit']);
    expect(follower.entries).toMatchObject([{ kind: 'change', change: { trace: 'commit' } }]);
  });

  it('a store with traces makes no span of the commits of the canary', async () => {
    expect(await new CanaryCommits(store).commit(() => undefined)).toBe(true);
    expect(spans.begun).toEqual([]);
  });
});
