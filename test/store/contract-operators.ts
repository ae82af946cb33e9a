/** The part of the stores' contract that is about operators and the audit trail. */
import { describe, expect, it } from 'vitest';
import { AUDIT_ENTRY_MAX_BYTES, auditToJson, type AuditEntry } from '../../src/store/audit.js';
import type { OperatorRecord } from '../../src/store/operators.js';
import type { SessionRecord } from '../../src/store/sessions.js';
import type { Store } from '../../src/store/store.js';

const ann: OperatorRecord = {
  name: 'ann',
  role: 'editor',
  environments: [1n, 9223372036854775807n],
  hash: 'a'.repeat(64),
  createdAt: 1_800_000_000_000,
};
const ben: OperatorRecord = { ...ann, name: 'ben', environments: 'all', expiresAt: 1_900_000_000_000 };

const session: SessionRecord = {
  id: 'a1',
  name: 'Ann Ключ',
  role: 'editor',
  environments: [1n, 9223372036854775807n],
  issuer: 'https://login.example.com/realms/main',
  subject: '00u1',
  claim: 'groups=flags-editors',
  hash: 'b'.repeat(64),
  hasBegun: false,
  createdAt: 1_800_000_000_000,
  expiresAt: 1_800_000_120_000,
};

export function operatorContract(current: () => Store): void {
  const all = async (): Promise<OperatorRecord[]> =>
    (await current().operators.all()).sort((a, b) => (a.name < b.name ? -1 : 1));

  describe('operators', () => {
    it('an operator is added, replaced and removed only as it was read', async () => {
      const { operators } = current();
      expect(await operators.replace('ann', undefined, ann)).toBe(true);
      expect(await operators.replace('ann', undefined, { ...ann, role: 'admin' })).toBe(false);
      expect(await operators.replace('ben', undefined, ben)).toBe(true);
      expect(await all()).toEqual([ann, ben]);
      const used = { ...ann, lastUsedAt: 1_800_000_000_000 };
      expect(await operators.replace('ann', ann, used)).toBe(true);
      expect(await operators.replace('ann', ann, undefined)).toBe(false);
      expect(await all()).toEqual([used, ben]);
      expect(await operators.replace('ann', used, undefined)).toBe(true);
      expect(await operators.replace('ann', used, ann)).toBe(false);
      expect(await all()).toEqual([ben]);
    });

    it('of two concurrent changes of an operator one is made', async () => {
      const { operators } = current();
      await operators.replace('ann', undefined, ann);
      const results = await Promise.all([
        operators.replace('ann', ann, { ...ann, role: 'admin' }),
        operators.replace('ann', ann, { ...ann, role: 'viewer' }),
      ]);
      expect(results.filter((done) => done)).toHaveLength(1);
    });
  });

  describe('sessions', () => {
    it('a session is added, begun once and removed by its id', async () => {
      const { sessions } = current();
      const other = { ...session, id: 'a2', environments: 'all' as const };
      expect(await sessions.replace('a1', undefined, session)).toBe(true);
      expect(await sessions.replace('a1', undefined, session)).toBe(false);
      expect(await sessions.replace('a2', undefined, other)).toBe(true);
      const begun = { ...session, hash: 'c'.repeat(64), hasBegun: true };
      const results = await Promise.all([
        sessions.replace('a1', session, begun),
        sessions.replace('a1', session, { ...begun, hash: 'd'.repeat(64) }),
      ]);
      expect(results).toEqual([true, false]);
      const kept = (await sessions.all()).sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(kept).toEqual([begun, other]);
      expect(await sessions.replace('a1', begun, undefined)).toBe(true);
      expect(await sessions.all()).toEqual([other]);
      expect(await current().operators.all()).toEqual([]);
    });
  });

  describe('the audit trail', () => {
    it('the audit trail is read newest first, page by page', async () => {
      const { audit } = current();
      const entries: AuditEntry[] = Array.from({ length: 7 }, (_, i) => ({
        at: 1_800_000_000_000 + i,
        action: 'createKey',
        operator: 'ann',
        environment: 9223372036854775807n,
        subject: `key ${i} ключ\n`,
        details: { kind: 'server' },
      }));
      for (const entry of entries) await audit.add(entry);
      const first = await audit.before(undefined, 4);
      const second = await audit.before(first.at(-1)!.id, 4);
      const read = [...first, ...second];
      expect(read.map(({ id: _id, ...entry }) => entry)).toEqual([...entries].reverse());
      expect(await audit.before(read.at(-1)!.id, 4)).toEqual([]);
    });

    it('an entry of the audit trail is cut to its bound, whatever it has', async () => {
      const long = '\u0000🔑'.repeat(10_000);
      const details = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}${long}`, long]));
      const entry = { at: 1, action: 'x', operator: long, subject: long, details };
      expect(Buffer.byteLength(auditToJson(entry))).toBeLessThanOrEqual(AUDIT_ENTRY_MAX_BYTES);
      await current().audit.add(entry);
      expect(await current().audit.before(undefined, 1)).toMatchObject([{ at: 1, action: 'x' }]);
    });
  });
}
