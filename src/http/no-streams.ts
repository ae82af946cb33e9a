/**
 * Refuses subscriptions at a process that does not stream. With 503, because on any status but 200
 * and 5xx some SDKs stop streaming for the life of their process, also when their host name later
 * leads to nodes again. For the same reason the key is not checked. [protocol] #belt-server
 */
import { Router } from 'express';
import { HoldfastError } from '../core/errors.js';
import { onlyMethods } from './errors.js';

/** Seconds. Long, because nothing changes here until a host name leads elsewhere. */
const RETRY_AFTER = 60;

/** Builds the route that refuses subscriptions. */
export function noStreamRoutes(): Router {
  const router = Router();
  router
    .route('/api/v1/sse/config')
    .head(onlyMethods('GET'))
    .get((_request, response) => {
      response.set('Retry-After', `${RETRY_AFTER}`);
      throw new HoldfastError(
        'no_streams',
        'this is a belt server, which does not stream: poll /api/v1/configs here, or subscribe at a node',
      );
    })
    .all(onlyMethods('GET'));
  return router;
}
