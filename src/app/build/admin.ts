/** Builds administration: operators, the audit trail, and the routes. */
import type { Router } from 'express';
import type { Committer } from '../../commit/committer.js';
import { adminRouter } from '../../http/admin/router.js';
import { AuditTrail } from '../../operators/audit-trail.js';
import { OperatorDirectory } from '../../operators/directory.js';
import type { AdminParts } from '../../http/admin/parts.js';
import type { Evaluators } from '../../evaluate/evaluators.js';
import type { Replica } from '../../replica/replica.js';
import type { NodeParts } from './parts.js';
import { buildSignIn } from './sign-in.js';

/** Administration, built. */
export interface BuiltAdmin {
  readonly router: Router;
  readonly audit: AuditTrail;
}

/** Builds the router of administration and the audit trail that it writes. */
export function buildAdmin(
  parts: NodeParts,
  replica: Replica,
  committer: Committer,
  evaluators: Evaluators,
  { delivery, codes, fleet }: Pick<AdminParts, 'delivery' | 'codes' | 'fleet'>,
): BuiltAdmin {
  const { settings, secrets, store, metrics, log, clock } = parts;
  const { now, monotonic } = clock;
  const onLost = (): void => metrics.auditLost.inc();
  const audit = new AuditTrail({ store: store.audit, log, now, onLost });
  const router = adminRouter({
    store,
    replica,
    committer,
    evaluators,
    delivery,
    codes,
    fleet,
    stalenessSeconds: settings.stalenessSeconds,
    operators: new OperatorDirectory({ records: store.operators, now, monotonic }),
    audit,
    ...buildSignIn(parts),
    onRefused: (reason) => metrics.adminRefused.inc({ reason }),
    adminTokens: secrets.adminTokens,
    now,
  });
  return { router, audit };
}
