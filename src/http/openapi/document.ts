/** The OpenAPI 3.1 document of all routes of a node. [protocol] #openapi */
import { Router } from 'express';
import { VERSION } from '../../core/version.js';
import { onlyMethods } from '../errors.js';
import { adminOperations } from './admin.js';
import { clientOperations } from './clients.js';
import { SchemaCollector, type OpenApiPart } from './schemas.js';

const SECURITY_SCHEMES = {
  operator: { type: 'http', scheme: 'bearer', description: 'The token of an operator.' },
  serverKey: {
    type: 'http',
    scheme: 'basic',
    description: 'The password is an API key; the name is ignored.',
  },
  anyKey: { type: 'http', scheme: 'bearer', description: 'An API key of any kind.' },
  apiKeyHeader: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key of any kind.' },
  gripSignature: { type: 'apiKey', in: 'header', name: 'Grip-Sig', description: 'The signature of a proxy.' },
};

/** Builds the document. */
export function openApiDocument(): OpenApiPart {
  const schemas = new SchemaCollector();
  const paths = new Map<string, Record<string, OpenApiPart>>();
  for (const [path, method, operation] of [...clientOperations(schemas), ...adminOperations(schemas)]) {
    paths.set(path, { ...paths.get(path), [method]: operation });
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version: VERSION,
      description: 'The HTTP interface of a node. docs/protocol.md is normative.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: ['clients', 'openfeature', 'proxies', 'administration', 'health'].map((name) => ({ name })),
    paths: Object.fromEntries(paths),
    components: { schemas: schemas.components, securitySchemes: SECURITY_SCHEMES },
  };
}

/** Builds the route that serves the document. It is public: it says nothing of the installation. */
export function openApiRoutes(): Router {
  let text: string | undefined;
  const router = Router();
  router
    .route('/openapi.json')
    .get((_request, response) => {
      text ??= JSON.stringify(openApiDocument());
      response.set('Cache-Control', 'no-cache').type('application/json').send(text);
    })
    .all(onlyMethods('GET', 'HEAD'));
  return router;
}
