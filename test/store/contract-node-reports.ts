/** The part of the stores' contract that is about the reports of nodes. */
import { describe, expect, it } from 'vitest';
import { NODE_REPORT_MAX_BYTES, NODE_REPORTS_MAX, TIMELINE_MAX_BYTES } from '../../src/store/node-reports.js';
import type { Store } from '../../src/store/store.js';
import { until } from '../support/until.js';

const LONG = 600_000;

export function nodeReportContract(current: () => Store): void {
  const texts = async (): Promise<[string, string][]> =>
    (await current().nodeReports.read()).reports.map(({ id, text }) => [id, text]);

  describe('reports of nodes', () => {
    it('the newest report of each node is read with its age, by id', async () => {
      const { nodeReports } = current();
      expect(await nodeReports.read()).toEqual({ reports: [], timeline: undefined });
      await nodeReports.write('two', '{"n":1}', LONG);
      await nodeReports.write('one', 'ключ 🔑', LONG);
      await nodeReports.write('two', '{"n":2}', LONG);
      expect(await texts()).toEqual([
        ['one', 'ключ 🔑'],
        ['two', '{"n":2}'],
      ]);
      const { reports } = await nodeReports.read();
      for (const { age } of reports) {
        expect(age).toBeGreaterThanOrEqual(0);
        expect(age).toBeLessThan(LONG);
      }
    });

    it('a report is gone when its node stops, and when its time is over', async () => {
      const { nodeReports } = current();
      await nodeReports.write('stops', '1', LONG);
      await nodeReports.write('dies', '1', 1);
      await nodeReports.write('stays', '1', LONG);
      await nodeReports.remove('stops');
      await nodeReports.remove('was never there');
      await until('the report of the dead node is over', async () => (await texts()).length === 1);
      expect(await texts()).toEqual([['stays', '1']]);
    });

    it('reports are bounded in number and size', async () => {
      const { nodeReports } = current();
      for (let i = 0; i < NODE_REPORTS_MAX + 3; i++) await nodeReports.write(`node ${i}`, '1', LONG);
      await nodeReports.write('last', '1', LONG);
      const kept = await texts();
      expect(kept).toHaveLength(NODE_REPORTS_MAX);
      expect(kept.map(([id]) => id)).toContain('last');
      const full = 'x'.repeat(NODE_REPORT_MAX_BYTES);
      await nodeReports.write('last', full, LONG);
      await expect(nodeReports.write('last', `${full}x`, LONG)).rejects.toMatchObject({ code: 'internal' });
      expect((await texts()).find(([id]) => id === 'last')?.[1]).toBe(full);
    });

    it('the last time line of changes is read with the reports', async () => {
      const { nodeReports } = current();
      await nodeReports.writeTimeline('[1]');
      await nodeReports.writeTimeline('[1,2]');
      const tooLong = 'x'.repeat(TIMELINE_MAX_BYTES + 1);
      await expect(nodeReports.writeTimeline(tooLong)).rejects.toMatchObject({ code: 'internal' });
      expect(await nodeReports.read()).toEqual({ reports: [], timeline: '[1,2]' });
    });
  });
}
