/** The collaborators of the administration routes. */
import type { Committer } from '../../commit/committer.js';
import type { Replica } from '../../replica/replica.js';
import type { Store } from '../../store/store.js';

/** The parts that handlers of administration work with. */
export interface AdminParts {
  readonly store: Store;
  readonly replica: Replica;
  readonly committer: Committer;
  /** Each of them is accepted. */
  readonly adminTokens: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
