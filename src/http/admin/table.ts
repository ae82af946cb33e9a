/** All routes of administration, in the order of the documents. */
import { AUDIT_ROUTES } from './audit.js';
import { CHANGE_ROUTES } from './changes.js';
import { DELIVERY_ROUTES } from './delivery.js';
import { ENVIRONMENT_ROUTES } from './environments.js';
import { FLEET_ROUTES } from './fleet.js';
import { HISTORY_ROUTES } from './history.js';
import { EVALUATE_ROUTES } from './evaluate.js';
import { KEY_ROUTES } from './keys.js';
import { OIDC_ROUTES } from './oidc.js';
import { OPERATOR_ROUTES } from './operators.js';
import { REJECTED_ROUTES } from './rejected.js';
import { RESTORE_ROUTES } from './restore.js';
import { SESSION_ROUTES } from './sessions.js';
import { SIGN_IN_ROUTES } from './sign-in.js';
import type { AdminRoute } from './route.js';

/** The table of the routes of administration: a route that is not in it does not exist. */
export const ADMIN_ROUTES: readonly AdminRoute[] = [
  ...ENVIRONMENT_ROUTES,
  ...CHANGE_ROUTES,
  ...HISTORY_ROUTES,
  ...EVALUATE_ROUTES,
  ...KEY_ROUTES,
  ...FLEET_ROUTES,
  ...DELIVERY_ROUTES,
  ...REJECTED_ROUTES,
  ...RESTORE_ROUTES,
  ...OPERATOR_ROUTES,
  ...AUDIT_ROUTES,
  ...SIGN_IN_ROUTES,
  ...OIDC_ROUTES,
  ...SESSION_ROUTES,
];
