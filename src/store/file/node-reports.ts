/** The reports of nodes in memory: the one process of the embedded store is the only node. */
import {
  checkReportSize,
  NODE_REPORT_MAX_BYTES,
  NODE_REPORTS_MAX,
  TIMELINE_MAX_BYTES,
  type NodeReportPage,
  type NodeReports,
} from '../node-reports.js';

interface Written {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly until: number;
}

/** FileNodeReports forgets everything with its process. */
export class FileNodeReports implements NodeReports {
  readonly #now: () => number;
  /** In the order of their writing. */
  readonly #reports = new Map<string, Written>();
  #timeline: string | undefined;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a text that is too long rejects
  async write(id: string, text: string, ttl: number): Promise<void> {
    checkReportSize(text, NODE_REPORT_MAX_BYTES);
    const at = this.#now();
    this.#reports.delete(id);
    this.#reports.set(id, { text, at, until: at + ttl });
    for (const [each, { until }] of this.#reports) {
      if (until <= at || this.#reports.size > NODE_REPORTS_MAX) this.#reports.delete(each);
    }
  }

  remove(id: string): Promise<void> {
    this.#reports.delete(id);
    return Promise.resolve();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a text that is too long rejects
  async writeTimeline(text: string): Promise<void> {
    checkReportSize(text, TIMELINE_MAX_BYTES);
    this.#timeline = text;
  }

  read(): Promise<NodeReportPage> {
    const now = this.#now();
    const reports = [...this.#reports]
      .filter(([, { until }]) => until > now)
      .map(([id, { text, at }]) => ({ id, text, age: Math.max(0, now - at) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    return Promise.resolve({ reports, timeline: this.#timeline });
  }
}
