/** `status`: what a node says of itself, readable. */
import { UsageError } from '../io.js';
import type { CommandContext } from '../context.js';
import { plain } from '../plain.js';
import { headline, readMetrics, statusLines, type ReadinessBody } from '../status.js';

/** The options of `status`. */
export interface StatusOptions {
  readonly watch: boolean;
  /** Seconds between two looks, as it was given. */
  readonly every: string;
}

/** Returns the cursor to the upper left and clears what is below it. */
const CLEAR = '\u001b[H\u001b[J';

/**
 * Prints the state of a node; with `watch` again and again, until the signal aborts.
 *
 * @throws Error when the node is not ready, so that scripts can ask; not with `watch`
 */
export async function printStatus(context: CommandContext, { watch, every }: StatusOptions): Promise<void> {
  const { around, out } = context;
  const seconds = Number(every);
  if (!/^\d+(\.\d+)?$/.test(every) || seconds < 0.1 || seconds > 3600) {
    throw new UsageError('--every must be a number of seconds, 0.1 to 3600.');
  }
  if (!watch) {
    const { status = 'unknown' } = await look(context);
    if (status !== 'ready' && status !== 'degraded') throw new Error(`The server is not ready: ${status}.`);
    return;
  }
  while (!around.signal.aborted) {
    if (out.isTerminal && !context.json) around.stdout.write(CLEAR);
    try {
      await look(context);
    } catch (error) {
      // The next look may find it again.
      out.line(plain(error instanceof Error ? error.message : String(error)));
    }
    await around.sleep(seconds * 1000, around.signal);
  }
}

async function look(context: CommandContext): Promise<ReadinessBody> {
  const { out, json } = context;
  const api = await context.api();
  const readiness = readReadiness((await api.probe('/readyz')).text, api.url('/readyz'));
  const metrics = readMetrics((await api.probe('/metrics')).text);
  if (json) {
    out.jsonLine({ readiness, metrics: Object.fromEntries(metrics) });
    return readiness;
  }
  out.line(...headline(readiness, api.url('/readyz').replace(/\/readyz$/, '')));
  const lines = statusLines(readiness, metrics);
  const width = Math.max(0, ...lines.map(([about]) => about.length));
  for (const [about, ...said] of lines) out.line(`  ${about.padEnd(width)}  `, ...said);
  return readiness;
}

function readReadiness(text: string, url: string): ReadinessBody {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'status' in body) return body as ReadinessBody;
  } catch {
    // Something else answered.
  }
  throw new Error(`${url} answered something that is no readiness. Is it Holdfast?`);
}
