/**
 * Accepts the reports of the public SDKs and keeps none of them. Without these routes pages would
 * log an error twice a minute, and SDKs would try again. [protocol] #telemetry
 */
import { Router, type Request, type Response } from 'express';
import { HoldfastError } from '../core/errors.js';
import type { Keys } from '../replica/rulesets.js';
import { ALL_KEYS, apiKeyOf, authenticateKey } from './authenticate.js';
import { cors, methodsWith, type CorsRule } from './cors.js';
import { onlyMethods } from './errors.js';
import { noteKey } from './request-facts.js';

/** The largest report, bytes, as it is sent: nothing is decompressed. */
export const REPORT_MAX_BYTES = 1024 * 1024;

const CORS: CorsRule = {
  methods: ['POST'],
  headers: ['Authorization', 'Content-Type', 'X-PrefabCloud-Client-Version'],
};

/** A `TelemetryEventsResponse` with `success` (field 1): java parses it. */
const SUCCESS = Buffer.from([0x08, 0x01]);

/** Builds the routes of telemetry. */
export function telemetryRoutes(keyring: Keys): Router {
  const router = Router();
  for (const path of ['/api/v1/telemetry', '/api/v1/known-loggers', '/api/v1/context-shapes']) {
    router
      .route(path)
      .all(cors(CORS))
      .post(async (request, response) => {
        noteKey(response, await authenticateKey(apiKeyOf(request.headers.authorization), ALL_KEYS, keyring));
        await discardBody(request);
        acknowledge(request, response);
      })
      .all(onlyMethods(...methodsWith(CORS)));
  }
  return router;
}

/**
 * Reads to the end, but no further than the limit; the rest of a larger body closes the connection.
 */
function discardBody(request: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    let bytes = Number(request.headers['content-length'] ?? 0) > REPORT_MAX_BYTES ? REPORT_MAX_BYTES : 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > REPORT_MAX_BYTES) {
        const problem = `the body is over the limit of ${REPORT_MAX_BYTES} bytes: send it as several reports`;
        reject(new HoldfastError('change_too_large', problem));
      }
    });
    request.once('end', resolve);
    // A client that disconnects in the middle does not read the answer.
    request.once('close', resolve);
  });
}

/**
 * 200, which go insists on; in JSON for browsers, which cannot read anything else, and in protobuf
 * for the others.
 */
function acknowledge(request: Request, response: Response): void {
  response.set('Cache-Control', 'no-store').status(200);
  if (typeof request.is('json') === 'string') response.json({ success: true });
  else response.type('application/x-protobuf').send(SUCCESS);
}
