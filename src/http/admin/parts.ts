/** The collaborators of the administration routes. */
import type { Committer } from '../../commit/committer.js';
import type { DeliveryBoard } from '../../delivery/board.js';
import type { AuditTrail } from '../../operators/audit-trail.js';
import type { OperatorDirectory } from '../../operators/directory.js';
import type { Evaluators } from '../../evaluate/evaluators.js';
import type { HoldLag, LatestPosition } from '../../fleet/lag.js';
import type { FleetReport } from '../../fleet/report.js';
import type { Stream } from '../../grip/channels.js';
import type { Ruleset } from '../../ruleset/ruleset.js';
import type { Replica } from '../../replica/replica.js';
import type { Store } from '../../store/store.js';
import type { SignInCodes } from '../../operators/sign-in.js';
import type { SessionDirectory } from '../../operators/sessions.js';
import type { OidcAccess } from './oidc-access.js';
import type { RefusedCredential } from './refusals.js';

/** The fleet as its route reads it. */
export interface FleetReader {
  /** Reads what all nodes know. @throws HoldfastError `store_unavailable` */
  everywhere(): Promise<FleetReport>;
  /** Returns where a reader of a ruleset stands that has everything. */
  latest(ruleset: Ruleset, stream: Stream['kind']): LatestPosition;
  lag(position: bigint, latest: LatestPosition): HoldLag;
}

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
  readonly sessions: SessionDirectory;
  /** `undefined`: people cannot sign in with an issuer. */
  readonly oidc: OidcAccess | undefined;
  readonly fleet: FleetReader;
  /** T, seconds. */
  readonly stalenessSeconds: number;
  /** Each of them is accepted, as the operator root. */
  readonly adminTokens: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
