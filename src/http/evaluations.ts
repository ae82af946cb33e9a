/** The route of evaluations for the public browser SDKs. [protocol] #evaluation-for-browsers */
import { Router } from 'express';
import type { Evaluators } from '../evaluate/evaluators.js';
import type { ProcessMetrics } from '../observe/process-metrics.js';
import { readPrefabContexts } from '../prefab/contexts.js';
import { evaluationsAnswer } from '../prefab/evaluations.js';
import type { Rulesets } from '../replica/rulesets.js';
import { cacheHeaders, matchesEtag } from '../cdn/snapshot.js';
import { valuesKey } from '../cdn/surrogate-keys.js';
import { ALL_KEYS, apiKeyOf, authenticateKey } from './authenticate.js';
import { currentRuleset } from './current.js';
import { compress } from './compress.js';
import { cors, methodsWith, pagesAllowed, type CorsRule } from './cors.js';
import { onlyMethods } from './errors.js';
import { setHeaders } from './exchange.js';
import { inExpress, type HotRoute } from './hot-routes.js';
import { sendEvaluations, slicesFor } from './evaluation-slices.js';
import { admitWithin } from './rate-limits.js';
import { restAsOneSegment } from './rest-of-path.js';

/** The collaborators of the routes that evaluate. */
export interface EvaluationParts {
  readonly rulesets: Rulesets;
  readonly evaluators: Evaluators;
  readonly metrics: ProcessMetrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The path of evaluations; the contexts follow, in base64, which may have slashes. */
const PREFIX = '/api/v2/configs/eval-with-context/';

const CORS: CorsRule = {
  methods: ['GET', 'HEAD'],
  headers: ['Authorization', 'Content-Type', 'X-PrefabCloud-Client-Version'],
  exposed: ['ETag'],
};

/** Builds the route of `eval-with-context`. */
export function evaluationRoute({ rulesets, evaluators, metrics, now }: EvaluationParts): HotRoute {
  const allowPages = pagesAllowed(CORS);
  return {
    method: 'GET',
    path: `${PREFIX}:context`,
    takesRest: true,
    span: 'evaluate',
    answer: async (request, response, parameter) => {
      compress(request, response);
      allowPages(response);
      const text = apiKeyOf(request.headers.authorization);
      const key = await admitWithin(request, response, 'rate_limited', () =>
        authenticateKey(text, ALL_KEYS, rulesets.keyring),
      );
      const contexts = readPrefabContexts(parameter);
      for (let attempt = 1; ; attempt++) {
        const { ruleset, age } = await currentRuleset(rulesets, key.environment, response);
        const evaluator = await evaluators.of(ruleset);
        const { etag, build } = evaluationsAnswer(evaluator, ruleset.clientVersion, contexts, now());
        setHeaders(response, cacheHeaders(valuesKey(ruleset.environment), age));
        response.setHeader('ETag', etag);
        // Only a cache asks with If-None-Match: an SDK without one cannot read a 304.
        if (matchesEtag(request.headers['if-none-match'], etag)) {
          response.statusCode = 304;
          response.end();
          return;
        }
        const slices = await slicesFor(attempt);
        const built = await build(slices);
        if (built === undefined) continue;
        for (const { why } of built.leftOut) metrics.unresolved.inc({ why });
        await sendEvaluations(response, built.pieces, built.values, slices);
        return;
      }
    },
  };
}

/** Builds the router of that route. */
export function evaluationRoutes(route: HotRoute): Router {
  const router = Router();
  router.use(restAsOneSegment(PREFIX));
  router
    .route(route.path)
    .all(cors(CORS))
    .get(inExpress(route))
    .all(onlyMethods(...methodsWith(CORS)));
  return router;
}
