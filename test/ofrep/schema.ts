/** Answers against the public OpenAPI document of OFREP (openapi.yaml, unchanged). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface Operation {
  readonly responses: Record<string, { headers?: object; content?: { 'application/json': { schema: Ref } } }>;
}
interface Ref {
  readonly $ref: string;
}
/** The parts of the document that are looked at here. */
export interface Document {
  readonly paths: Record<string, { post: Operation }>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

/** The document as it is published. */
export function publicDocument(): Document {
  return parse(readFileSync(join(import.meta.dirname, 'openapi.yaml'), 'utf8')) as Document;
}

/**
 * The document with the three places mended in which its schemas, read to the letter, refuse what
 * its own text and examples ask for:
 *
 * - A value must fit exactly one of the flag types. An integer fits two (a float's type is
 *   `number`), and everything fits the type of a flag without a value, because nothing says there
 *   that `value` is absent, which its description does. So every value is refused, and once that is
 *   read as "any", every value is let in.
 * - An object's type is `object`. Lists are structures too in OpenFeature's own types, and every
 *   provider takes them.
 */
function mendedDocument(): Document {
  const document = publicDocument();
  const { evaluationSuccess, codeDefaultFlag, objectFlag } = document.components.schemas as {
    evaluationSuccess: { allOf: [unknown, { oneOf?: unknown; anyOf?: unknown }] };
    codeDefaultFlag: { not?: { required: string[] } };
    objectFlag: { properties: { value: { type: string | string[] } } };
  };
  const [, types] = evaluationSuccess.allOf;
  types.anyOf = types.oneOf;
  delete types.oneOf;
  codeDefaultFlag.not = { required: ['value'] };
  objectFlag.properties.value.type = ['object', 'array'];
  return document;
}

export class Schemas {
  readonly #document: Document;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(document = mendedDocument()) {
    this.#document = document;
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(document, 'openapi');
  }

  /** Why a value is not what a schema of the document says; empty when it is. */
  problems(name: string, value: unknown): string[] {
    return problemsOf(this.#validator(`#/components/schemas/${name}`), value);
  }

  /** Why an answer is not one that the document has for that path; empty when it is. */
  wrong(path: '/ofrep/v1/evaluate/flags/{key}' | '/ofrep/v1/evaluate/flags', answer: Answer): string[] {
    const response = this.#document.paths[path]?.post.responses[`${answer.status}`];
    // Statuses that the document has not are errors of the server or of HTTP; their form is the
    // general one.
    const reference =
      response?.content?.['application/json'].schema.$ref ?? '#/components/schemas/generalErrorResponse';
    const type = answer.headers['content-type'] ?? '';
    if (answer.status === 304) return answer.body === '' && type === '' ? [] : ['304 with a body'];
    return [
      ...(/^application\/json\b/.test(type) ? [] : [`content type ${type}`]),
      ...(answer.status >= 400 && answer.body === '' ? ['no body'] : []),
      ...problemsOf(this.#validator(reference), answer.body),
    ];
  }

  #validator(reference: string): ValidateFunction {
    return this.#ajv.getSchema(`openapi${reference}`)!;
  }
}

function problemsOf(validate: ValidateFunction, value: unknown): string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
}
