/**
 * docs/protocol.md against the code: its tables of routes, errors and limits say what the code
 * does.
 */
import { describe, expect, it } from 'vitest';
import { CHANGE_MAX_BYTES } from '../../src/commit/limits.js';
import type { ErrorCode } from '../../src/core/errors.js';
import { httpStatusOf } from '../../src/http/errors.js';
import { REPORT_MAX_BYTES } from '../../src/http/telemetry.js';
import { CONTEXTS_MAX, PROPERTIES_MAX } from '../../src/prefab/contexts.js';
import { EVENT_MAX_BYTES, EVENT_TARGET_BYTES, MESSAGE_MAX_BYTES } from '../../src/ruleset/event.js';
import { MAX_DEPTH } from '../../src/ruleset/fields.js';
import { KEY_MAX_BYTES } from '../../src/ruleset/validate.js';
import { ADMIN_TOKEN, startApp } from '../support/app.js';
import { routesOf } from '../support/routes.js';
import { read, section, table } from './markdown.js';

const protocol = read('docs/protocol.md');

describe('docs/protocol.md', () => {
  it('docs/protocol.md has every error code, with its status', () => {
    const codes = [...read('src/core/errors.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(
      ([, code]) => code as ErrorCode,
    );
    expect(codes.length).toBeGreaterThan(20);
    const list = section(protocol, 'Errors').matchAll(/^- `(\w+)` \((\d{3})\):/gm);
    const documented = [...list].map(([, code, status]) => `${code} ${status}`);
    expect(documented.sort()).toEqual(codes.map((code) => `${code} ${httpStatusOf(code)}`).sort());
  });

  it('docs/protocol.md has every route', async () => {
    const app = await startApp();
    const routes = routesOf(app.app);
    await app.close();
    const documented = table(protocol, 'Routes').map(([, path]) => path);
    expect(documented.sort()).toEqual(routes.sort());
  });

  it('docs/protocol.md has the methods that each route takes', async () => {
    const app = await startApp();
    try {
      for (const [methods, path = ''] of table(protocol, 'Routes')) {
        // The answer to a method that no route takes lists those that this one does.
        const answer = await fetch(app.url + path, {
          method: 'PATCH',
          headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        });
        expect({ path, methods: answer.headers.get('allow') }).toEqual({ path, methods });
      }
    } finally {
      await app.close();
    }
  });

  it('docs/protocol.md has the limits that the code has', () => {
    const numbers = table(protocol, 'Limits').map(([, value = '']) => Number(value.replaceAll(',', '')));
    for (const limit of [
      CHANGE_MAX_BYTES,
      MESSAGE_MAX_BYTES,
      EVENT_TARGET_BYTES,
      EVENT_MAX_BYTES,
      KEY_MAX_BYTES,
      MAX_DEPTH,
      REPORT_MAX_BYTES,
      CONTEXTS_MAX,
      PROPERTIES_MAX,
    ]) {
      expect(numbers).toContain(limit);
    }
  });
});
