/** The types of `holdfast/admin`, made from the OpenAPI document. */
import openapiTs, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { openApiDocument } from '../src/http/openapi/document.js';

/** Docstrings for what the generator exports without one; the rest of its exports is empty. */
const DOCSTRINGS: Readonly<Record<string, string>> = {
  paths: 'The routes of the administration, by path and method.',
  components: 'The schemas that routes share.',
  operations: 'The routes of the administration, by the ids of their operations.',
};

/** Returns the text of src/admin/schema.ts: the routes below `/admin/v1`. */
export async function adminTypes(): Promise<string> {
  const document = openApiDocument() as unknown as OpenAPI3;
  const paths = Object.entries(document.paths ?? {}).filter(([path]) => path.startsWith('/admin/v1/'));
  const made = astToString(await openapiTs({ ...document, paths: Object.fromEntries(paths) }));
  const text = made
    .replace(/^export type (webhooks|\$defs) = .*\n/gm, '')
    .replace(
      /^export interface (\w+)/gm,
      (line, name: string) => `/** ${DOCSTRINGS[name] ?? ''} */\n${line}`,
    );
  return `/** The types of the administration. Made by \`npm run docs\` from docs/reference/openapi.json. Do not edit. */\n${text}`;
}
