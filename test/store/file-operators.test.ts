/** Operators and the audit trail of the embedded store, on its files. */
import { appendFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AUDIT_MAX_ENTRIES } from '../../src/store/audit.js';
import { FileAuditLog } from '../../src/store/file/audit.js';
import { openFileStore } from '../../src/store/file/store.js';
import type { OperatorRecord } from '../../src/store/operators.js';
import type { SessionRecord } from '../../src/store/sessions.js';
import { removeDirectory, silent, temporaryDirectory } from './fixtures.js';

const ann: OperatorRecord = {
  name: 'ann',
  role: 'editor',
  environments: [9223372036854775807n],
  hash: 'a'.repeat(64),
  createdAt: 1_800_000_000_000,
};

let directory: string;
beforeEach(async () => (directory = await temporaryDirectory()));
afterEach(() => removeDirectory(directory));

describe('the files of operators and of the audit trail', () => {
  it('operators and the audit trail are there after a restart, also after a line that was cut', async () => {
    const store = await openFileStore(directory, { log: silent });
    await store.operators.replace('ann', undefined, ann);
    await store.audit.add({ at: 5, action: 'createKey', operator: 'ann' });
    await store.close();
    await appendFile(join(directory, 'audit'), '\n6-0 {"at":6,"acti');
    const again = await openFileStore(directory, { log: silent });
    expect(await again.operators.all()).toEqual([ann]);
    await again.audit.add({ at: 7, action: 'revokeKey', operator: 'ann' });
    await again.close();
    const last = await openFileStore(directory, { log: silent });
    const entries = await last.audit.before(undefined, 10);
    expect(entries.map(({ action }) => action)).toEqual(['revokeKey', 'createKey']);
    await last.close();
  });

  it('sessions are there after a restart', async () => {
    const store = await openFileStore(directory, { log: silent });
    const session: SessionRecord = {
      ...{ id: 'a1', name: 'Ann', role: 'admin', environments: 'all', hash: 'b'.repeat(64) },
      ...{ issuer: 'https://login.example.com', subject: '1', claim: 'groups=admins', hasBegun: true },
      ...{ createdAt: 1_800_000_000_000, expiresAt: 1_900_000_000_000 },
    };
    await store.sessions.replace('a1', undefined, session);
    await store.close();
    const again = await openFileStore(directory, { log: silent });
    expect(await again.sessions.all()).toEqual([session]);
    await again.close();
  });

  it('a file of operators that cannot be read stops the start, with its name and the remedy', async () => {
    await (await openFileStore(directory, { log: silent })).close();
    await writeFile(join(directory, 'operators'), 'garbage');
    await expect(openFileStore(directory, { log: silent })).rejects.toMatchObject({
      code: 'store_damaged',
      message: expect.stringContaining(join(directory, 'operators')) as string,
    });
  });

  it('the audit trail is bounded in number and in bytes, in memory and on disk', async () => {
    const path = join(directory, 'audit');
    const audit = await FileAuditLog.open(path, silent);
    const details = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`d${i}`, 'x'.repeat(200)]));
    const entry = { action: 'createKey', operator: 'ann', details };
    for (let at = 1; at <= AUDIT_MAX_ENTRIES; at++) void audit.add({ ...entry, at });
    await audit.close();
    const kept = await audit.before(undefined, AUDIT_MAX_ENTRIES);
    expect(kept[0]!.at).toBe(AUDIT_MAX_ENTRIES);
    expect(kept.length).toBeLessThan(AUDIT_MAX_ENTRIES);
    expect(kept.length).toBeGreaterThan(1_000);
    const sizes = await Promise.all(
      (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(9 * 1024 * 1024);
    const again = await FileAuditLog.open(path, silent);
    expect(await again.before(undefined, AUDIT_MAX_ENTRIES)).toEqual(kept);
  });
});
