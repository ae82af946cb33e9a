/** The collaborators of the administration routes. */
import type { Committer } from '../../commit/committer.js';
import type { DeliveryBoard } from '../../delivery/board.js';
import type { AuditTrail } from '../../operators/audit-trail.js';
import type { OperatorDirectory } from '../../operators/directory.js';
import type { Evaluators } from '../../evaluate/evaluators.js';
import type { Replica } from '../../replica/replica.js';
import type { Store } from '../../store/store.js';
import type { SignInCodes } from '../../operators/sign-in.js';
import type { RefusedCredential } from './refusals.js';

/** The parts that handlers of administration work with. */
export interface AdminParts {
  readonly store: Store;
  readonly replica: Replica;
  readonly committer: Committer;
  readonly operators: OperatorDirectory;
  readonly audit: AuditTrail;
  /** Called for each credential that is refused. */
  readonly onRefused: (reason: RefusedCredential) => void;
  readonly evaluators: Evaluators;
  readonly delivery: DeliveryBoard;
  readonly codes: SignInCodes;
  /** Each of them is accepted, as the operator root. */
  readonly adminTokens: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
