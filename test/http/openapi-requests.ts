/**
 * Random requests of an operation. Half of what they name exists in the running server: without
 * that, nearly every request would end at the first check of its input.
 */
import fc from 'fast-check';
import type { Config, ConfigRow } from '../../src/ruleset/model.js';
import { encodeConfigs } from '../support/inbox.js';
import { liveConfig } from '../ruleset/arbitrary.js';
import { document, type Operation, type Schema } from './openapi-document.js';

/** Names of things that exist, or existed until a request removed them, by kind. */
export type Known = Readonly<Record<KnownKind, readonly string[]>>;

export type KnownKind =
  | 'environment'
  | 'config'
  | 'keyId'
  | 'operator'
  | 'version'
  | 'place'
  | 'auditPlace'
  | 'rejected'
  | 'etag'
  | 'contexts'
  | 'signInCode'
  | 'action'
  | 'project'
  | 'newName';

/** One of what is known, chosen when the request is sent. */
class Choice {
  constructor(
    readonly kind: KnownKind,
    readonly index: number,
  ) {}

  of(known: Known): string {
    const values = known[this.kind];
    return values[this.index % values.length] ?? 'none';
  }

  /** For the report of a failure. */
  [fc.toStringMethod](): string {
    return `${this.kind} ${this.index}`;
  }
}

/** A request before the names in it are filled in. */
export interface RandomRequest {
  readonly parameters: readonly unknown[];
  readonly body: unknown;
  /** Sent in place of the body, where the operation takes protobuf. */
  readonly bytes: Uint8Array | undefined;
  readonly credential: Credential;
}

export type Credential = 'right' | 'viewer' | 'client' | 'wrong' | 'none';

const VERSION_HEADERS = ['"0"', '*', 'W/"1"', 'x'];

/** The kind that a parameter or member of a body names, by its own name and, if need be, the path. */
function kindOf(path: string, name: string): KnownKind | undefined {
  switch (name) {
    case 'id':
      if (path.includes('/environments/{id}')) return 'environment';
      return path.includes('/keys/') ? 'keyId' : 'rejected';
    case 'name':
    case 'operator':
    case 'author':
      if (name !== 'name' || path.includes('/operators/')) return 'operator';
      return path.endsWith('/keys') ? undefined : 'newName';
    case 'key':
    case 'keys':
      return 'config';
    case 'confirm':
    case 'environment':
    case 'environments':
      return 'environment';
    case 'from':
      return path.includes('/configs/') ? 'version' : 'environment';
    case 'to':
    case 'undo':
      return 'version';
    case 'place':
      return 'place';
    case 'before':
      return path.includes('/audit') ? 'auditPlace' : 'place';
    case 'context':
      return path.includes('eval-with-context') ? 'contexts' : undefined;
    case 'projectId':
      return 'project';
    case 'code':
      return 'signInCode';
    case 'action':
      return 'action';
    case 'subject':
      return 'operator';
    case 'If-None-Match':
    case 'flagConfigEtag':
    case 'If-Match':
      return 'etag';
    default:
      return undefined;
  }
}

const choiceOf = (kind: KnownKind) => fc.nat({ max: 50 }).map((index) => new Choice(kind, index));

function ofAll(row: ConfigRow): ConfigRow {
  const copy = { ...row };
  delete copy.projectEnvId;
  return copy;
}

const config: fc.Arbitrary<Config> = fc.oneof(
  {
    arbitrary: liveConfig(fc.constantFrom('flag.a', 'flag.b', 'new.c')).map(({ rows = [], ...others }) => ({
      ...others,
      // Rows of all environments: it is not known to which one they go.
      rows: rows.slice(0, 1).map(ofAll),
    })),
    weight: 3,
  },
  fc.constantFrom('flag.a', 'segment.s', 'absent').map((key): Config => ({ key, configType: 'DELETED' })),
);

const attributes = fc.dictionary(
  fc.constantFrom('email', 'user.email', 'plan', 'user.key'),
  fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.jsonValue({ maxDepth: 1 })),
);
const contexts = fc.array(
  fc.record({
    type: fc.constantFrom('user', 'team'),
    values: fc.dictionary(fc.constantFrom('email', 'key'), fc.record({ string: fc.string() })),
  }),
  { maxLength: 2 },
);

/** Members whose form the document leaves open. */
const OPEN_MEMBERS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  configs: fc.array(config, { minLength: 1, maxLength: 3 }),
  context: fc
    .tuple(attributes, fc.option(fc.string(), { nil: undefined }))
    .map(([given, targetingKey]) => ({ ...given, targetingKey })),
  contexts,
  defaultContext: contexts.map((given) => ({ contexts: given })),
};

/** Values of a schema; `$ref` and `pattern` as far as these schemas use them. */
function valuesOf(schema: Schema, path: string, name = ''): fc.Arbitrary<unknown> {
  const {
    $ref,
    anyOf,
    type = 'any',
    properties = {},
    required = [],
    items,
    pattern,
  } = schema as {
    $ref?: string;
    anyOf?: Schema[];
    type?: string | string[];
    properties?: Record<string, Schema>;
    required?: string[];
    items?: Schema;
    pattern?: string;
  };
  if ($ref !== undefined) return valuesOf(document.components.schemas[$ref.split('/').at(-1)!]!, path, name);
  const open = OPEN_MEMBERS[name];
  if (open !== undefined && !path.includes('eval-with-context')) return open;
  const kind = kindOf(path, name);
  const isList = type === 'array';
  if (kind !== undefined && !isList && anyOf === undefined) {
    return fc.oneof({ arbitrary: choiceOf(kind), weight: 3 }, plainValues({ ...schema, type }, path));
  }
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  if (anyOf !== undefined) return fc.oneof(...anyOf.map((each) => valuesOf(each, path, name)));
  if (schema.format === 'date-time') return fc.constant('2999-01-01T00:00:00Z');
  if (type === 'object') {
    const members = Object.entries(properties).map(([each, of]) => [each, valuesOf(of, path, each)] as const);
    return fc.record(Object.fromEntries(members), { requiredKeys: required });
  }
  if (isList) return fc.array(valuesOf(items ?? {}, path, name), { maxLength: 3 });
  return plainValues({ ...schema, type, pattern }, path);
}

function plainValues(schema: Schema, path: string): fc.Arbitrary<unknown> {
  const { type = 'any', pattern } = schema as { type?: string | string[]; pattern?: string };
  if (Array.isArray(type))
    return fc.oneof(...type.map((each) => plainValues({ ...schema, type: each }, path)));
  switch (type) {
    case 'string':
      return fc.oneof(
        ...(pattern === undefined || pattern.includes('(?') ? [] : [fc.stringMatching(new RegExp(pattern))]),
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
      return fc.oneof(fc.nat({ max: 9 }), fc.integer(), fc.double());
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** Mostly a value of the schema, sometimes with one member replaced, added or taken away. */
function nearly(schema: Schema, path: string, name = ''): fc.Arbitrary<unknown> {
  const good = valuesOf(schema, path, name);
  const bent = fc
    .tuple(good, fc.nat(), fc.string(), fc.jsonValue({ maxDepth: 1 }))
    .map(([value, at, added, other]) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Choice)
        return other;
      const names = Object.keys(value);
      return { ...value, [names[at % (names.length + 1)] ?? added]: other };
    });
  return fc.oneof(
    { arbitrary: good, weight: 8 },
    { arbitrary: bent, weight: 2 },
    { arbitrary: fc.jsonValue({ maxDepth: 1 }), weight: 1 },
  );
}

/** Bytes of a change, whole, cut or with one byte another. */
const protobuf: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .tuple(fc.array(config, { maxLength: 2 }), fc.boolean(), fc.nat(), fc.nat({ max: 255 }))
    .map(([configs, isWhole, at, byte]) => {
      const bytes = new Uint8Array(encodeConfigs(...configs));
      if (!isWhole && bytes.length > 0) bytes[at % bytes.length] = byte;
      return bytes;
    }),
);

/** Requests of an operation, within its schemas and slightly outside. */
export function requestsOf(
  path: string,
  { parameters = [], requestBody }: Operation,
): fc.Arbitrary<RandomRequest> {
  const content = requestBody?.content;
  const optional = parameters.map(({ schema, name, in: place }) => {
    const value =
      name === 'If-Match'
        ? fc.oneof({ arbitrary: choiceOf('etag'), weight: 3 }, fc.constantFrom(...VERSION_HEADERS))
        : nearly(schema, path, name);
    return place === 'path' ? value : fc.option(value, { nil: undefined, freq: 1 });
  });
  return fc.record({
    parameters: fc.tuple(...optional),
    body: fc.option(nearly(content?.['application/json']?.schema ?? {}, path), { nil: undefined, freq: 8 }),
    bytes:
      content?.['application/x-protobuf'] === undefined
        ? fc.constant(undefined)
        : fc.option(protobuf, { nil: undefined, freq: 1 }),
    credential: fc.oneof(
      { arbitrary: fc.constant('right' as const), weight: 12 },
      fc.constantFrom<Credential>('viewer', 'client', 'wrong', 'none'),
    ),
  });
}

/** The same value with the names in it filled in. */
export function filled(value: unknown, known: Known): unknown {
  if (value instanceof Choice) return value.of(known);
  if (Array.isArray(value)) return value.map((each) => filled(each, known));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filled(each, known)]));
}

/** A value as a part of a path: dots alone and nothing at all are other paths. */
export function pathText(value: unknown): string {
  const text =
    typeof value === 'string' ? value.replace(/[\ud800-\udfff]/g, '') : JSON.stringify(value ?? 'x');
  return text === '' || /^\.+$/.test(text) ? 'x' : text;
}

/** A value without characters that no client can send in a header line. */
export function headerValue(value: unknown): string {
  return pathText(value).replace(/[^\x20-\x7e]/g, '');
}
