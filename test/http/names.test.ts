/** Names that look like others, or that nothing could name: refused before they are stored. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.js';

interface Refusal {
  readonly error?: { readonly field?: string };
}

const refusal = ({ status, body }: { status: number; body: unknown }) => [
  status,
  (body as Refusal).error?.field,
];

let nextId = 0;
let app: TestApp;
beforeAll(async () => (app = await startApp()));
afterAll(() => app.close());

const UNSEEN = [
  'Pro\u0000duction',
  'Pro\u001b[31m',
  'Production\n',
  '\u202eProduction',
  'Pro\u200bduction',
  'Pro\u2066duction',
  '\ufeffProduction',
  '\ud800',
  ' Production',
  'Production ',
  'e\u0301',
];

describe.each(UNSEEN.map((name) => [JSON.stringify(name), name]))('a name of %s', (shown, name) => {
  it(`${shown} is refused as the name of an environment and of a key`, async () => {
    const put = await app.admin('put', '/environments/5').send({ projectId: '1', name });
    expect(refusal(put)).toEqual([400, 'name']);
    const { id } = await app.environment();
    const key = await app.admin('post', `/environments/${id}/keys`).send({ kind: 'server', name });
    expect(refusal(key)).toEqual([400, 'name']);
  });
});

it.each(['.', '..'])(
  'a name of %s, which URLs resolve, is refused for environments and operators',
  async (name) => {
    const put = await app.admin('put', '/environments/5').send({ projectId: '1', name });
    expect(refusal(put)).toEqual([400, 'name']);
    const operator = { name, role: 'viewer', environments: 'all' };
    const created = await app.admin('post', '/operators').send(operator);
    expect(refusal(created)).toEqual([400, 'name']);
  },
);

it.each(['Произво́дство', '本番', 'محیط‌ها', '👩‍👧 team', 'a/b', 'é', '__proto__'])(
  'a name of %s is taken, and names its environment in paths',
  async (name) => {
    const id = 1_000 + nextId++;
    const composed = name.normalize('NFC');
    const put = await app.admin('put', `/environments/${id}`).send({ projectId: '1', name: composed });
    expect(put.status).toBe(201);
    const got = await app.admin('get', `/environments/${encodeURIComponent(composed)}`);
    expect((got.body as { id: string }).id).toBe(`${id}`);
  },
);
