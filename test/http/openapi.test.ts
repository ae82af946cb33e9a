/**
 * The OpenAPI document: valid, complete, and held against the running server by requests that are
 * generated from its schemas, within them and slightly outside.
 */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { openApiDocument } from '../../src/http/openapi/document.js';
import { ADMIN_TOKEN, basic } from '../support/app.js';
import { routesOf } from '../support/routes.js';
import { runs } from '../support/runs.js';
import { sharedApp, sharedEnvironment } from '../support/shared.js';

vi.setConfig({ testTimeout: 180_000 });

type Schema = Readonly<Record<string, unknown>>;
interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
}
interface Operation {
  readonly operationId: string;
  readonly security: readonly Record<string, unknown>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}
const document = openApiDocument() as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Requests of each operation. */
const RUNS = runs(40);

const app = sharedApp();
const environment = sharedEnvironment(app);

describe('the OpenAPI document', () => {
  it('the OpenAPI document is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect(result).toEqual({ valid: true });
  });

  it('the OpenAPI document has every route of a node, with its methods', async () => {
    const paths = routesOf(app.app).map((path) => path.replace(/:(\w+)/g, '{$1}'));
    expect(Object.keys(document.paths).sort()).toEqual(paths.sort());
    for (const [path, methods] of Object.entries(document.paths)) {
      const { headers } = await app.http
        .patch(path.replace(/[{}]/g, ''))
        .auth(ADMIN_TOKEN, { type: 'bearer' });
      const allowed = headers.allow!.split(', ').filter((each) => each !== 'OPTIONS' && each !== 'HEAD');
      expect([path, Object.keys(methods).sort()]).toEqual([
        path,
        allowed.map((each) => each.toLowerCase()).sort(),
      ]);
    }
  });

  it('the OpenAPI document is served without a credential', async () => {
    const { body } = await app.http.get('/openapi.json').expect(200);
    expect(body).toEqual(JSON.parse(JSON.stringify(document)));
  });
});

/** Values of a schema; `$ref` and `pattern` as far as these schemas use them. */
function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const {
    $ref,
    anyOf,
    type = 'any',
    properties = {},
    required = [],
    items,
  } = schema as {
    $ref?: string;
    anyOf?: Schema[];
    type?: string;
    properties?: Record<string, Schema>;
    required?: string[];
    items?: Schema;
  };
  if ($ref !== undefined) return valuesOf(document.components.schemas[$ref.split('/').at(-1)!]!);
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  if (anyOf !== undefined) return fc.oneof(...anyOf.map(valuesOf));
  if (schema.format === 'date-time') return fc.constant('2999-01-01T00:00:00Z');
  switch (type) {
    case 'object': {
      const members = Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [name, valuesOf(each)]),
      );
      return fc.record(members, { requiredKeys: required });
    }
    case 'array':
      return fc.array(valuesOf(items ?? {}), { maxLength: 3 });
    case 'string':
      return fc.oneof(
        fc.stringMatching(/^[a-z0-9]{1,8}$/),
        fc.integer({ min: 1, max: 9 }).map(String),
        fc.string(),
      );
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'number':
    case 'integer':
      return fc.oneof(fc.integer(), fc.double());
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** Mostly a value of the schema, sometimes with one member replaced, added or taken away. */
function nearly(schema: Schema): fc.Arbitrary<unknown> {
  const good = valuesOf(schema);
  const bent = fc
    .tuple(good, fc.nat(), fc.string(), fc.jsonValue({ maxDepth: 1 }))
    .map(([value, at, name, other]) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return other;
      const names = Object.keys(value);
      const member = names[at % (names.length + 1)] ?? name;
      return { ...value, [member]: other };
    });
  return fc.oneof(
    { arbitrary: good, weight: 3 },
    { arbitrary: bent, weight: 2 },
    fc.jsonValue({ maxDepth: 1 }),
  );
}

/** Without characters that no client can send in a header line. */
function headerValue(value: unknown): string {
  return pathText(value).replace(/[^\x20-\x7e]/g, '');
}

const ajv = new Ajv2020({ strict: false, validateFormats: true });
addFormats.default(ajv);
ajv.addSchema({ $id: 'doc', components: document.components });

function mismatch(schema: Schema, value: unknown): string | undefined {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"doc#/components/');
  const validate = ajv.compile(JSON.parse(text) as Schema);
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}

/** Streams stay open, and have tests of their own. */
const STREAMS = ['watchDelivery', 'subscribe', 'streamNotifications', 'recover'];

describe('the running server', () => {
  for (const { path, method, operation } of operations) {
    if (STREAMS.includes(operation.operationId)) continue;
    it(`answers as the OpenAPI document says: ${method} ${path}`, async () => {
      const { parameters = [], requestBody, security, responses } = operation;
      const inputs = fc.record({
        parameters: fc.tuple(
          ...parameters.map(({ schema }) => fc.option(nearly(schema), { nil: undefined })),
        ),
        isOwn: fc.boolean(),
        body: fc.option(nearly(requestBody?.content['application/json']?.schema ?? {}), { nil: undefined }),
      });
      await fc.assert(
        fc.asyncProperty(inputs, async ({ parameters: given, isOwn, body }) => {
          let url = path;
          const query = new URLSearchParams();
          const headers: Record<string, string> = {};
          parameters.forEach((parameter, i) => {
            const value = given[i];
            if (parameter.in === 'path') {
              const isEnvironment = path.includes('/environments/{id}') && parameter.name === 'id' && isOwn;
              const text = isEnvironment ? environment.id : pathText(value);
              url = url.replace(`{${parameter.name}}`, encodeURIComponent(text));
            } else if (value !== undefined && parameter.in === 'query')
              query.set(parameter.name, pathText(value));
            else if (value !== undefined) headers[parameter.name] = headerValue(value);
          });
          headers.authorization = security.some((each) => 'operator' in each)
            ? `Bearer ${ADMIN_TOKEN}`
            : basic(environment.key);
          const init: RequestInit = { method: method.toUpperCase(), headers };
          if (method !== 'get' && body !== undefined && requestBody !== undefined) {
            headers['content-type'] = 'application/json';
            init.body = JSON.stringify(body);
          }
          const suffix = query.size > 0 ? `?${query.toString()}` : '';
          const answer = await fetch(`${app.url}${url}${suffix}`, init);
          const text = await answer.text();
          const shown = `${method} ${url}${suffix} ${JSON.stringify(init.body)} → ${answer.status} ${text.slice(0, 300)}`;
          expect(answer.status, shown).not.toBe(500);
          expect(Object.keys(responses), shown).toContain(`${answer.status}`);
          const content = responses[`${answer.status}`]!.content ?? {};
          const media = answer.headers.get('content-type')?.split(';')[0];
          if (text !== '') expect(Object.keys(content), shown).toContain(media);
          if (media !== 'application/json') return;
          expect(mismatch(content[media]!.schema, JSON.parse(text)), shown).toBeUndefined();
        }),
        { numRuns: RUNS },
      );
    });
  }
});

/** Dots alone are taken out of a path by clients, and an empty segment is another path. */
function pathText(value: unknown): string {
  const text =
    typeof value === 'string' ? value.replace(/[\ud800-\udfff]/g, '') : JSON.stringify(value ?? 'x');
  return text === '' || /^\.+$/.test(text) ? 'x' : text;
}
