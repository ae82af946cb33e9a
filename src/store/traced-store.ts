/** A store whose commits are spans, and whose feed entries carry the trace that they belong to. */
import { traced, type Tracing } from '../observe/tracing.js';
import { CANARY_ENVIRONMENT } from './rules.js';
import type { Commit, CommitResult, Store } from './store.js';

/**
 * Wraps a store. Everything but `commit` goes to it as it is, and so do the canary's commits: one
 * every ten seconds, of which traces would say what its own metrics say.
 */
export function tracedStore(store: Store, tracing: Tracing): Store {
  const commit = (wanted: Commit): Promise<CommitResult> => {
    if (wanted.environment === CANARY_ENVIRONMENT) return store.commit(wanted);
    // That of the commit, of which writing it is one part: what follows it in the feed is another.
    const trace = tracing.current();
    const { change } = wanted;
    const carrying =
      change === undefined || trace === undefined ? wanted : { ...wanted, change: { ...change, trace } };
    return traced(
      tracing,
      'store.commit',
      async (span) => {
        const result = await store.commit(carrying);
        span?.set({
          'db.system.name': store.name.split(' ', 1)[0],
          'db.operation.name': 'commit',
          'holdfast.outcome': result.kind,
        });
        return result;
      },
      'client',
    );
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'commit') return commit;
      const value: unknown = Reflect.get(target, name, target);
      // Methods use private fields, which a proxy does not have.
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
