/** `fleet`: where the clients of an environment stand. */
import { messageOf } from '../../core/errors.js';
import { environmentPath } from '../api.js';
import { styled } from '../cell.js';
import { answer, type CommandContext } from '../context.js';
import { UsageError } from '../io.js';
import { plain } from '../plain.js';

interface FleetBody {
  readonly version: string;
  readonly stalenessSeconds: number;
  readonly holds: { readonly current: number; readonly under_t: number; readonly over_t: number };
  readonly entries: readonly {
    readonly key: { readonly id: string; readonly name?: string };
    readonly proxy: string;
    readonly stream: string;
    readonly version: string;
    readonly lag: string;
    readonly holds: number;
    readonly heardMs: number;
  }[];
  readonly truncated: boolean;
}

/** The options of `fleet`. */
export interface FleetOptions {
  readonly watch: boolean;
  /** Seconds between two looks, as it was given. */
  readonly every: string;
}

const LAGS: Readonly<Record<string, string>> = {
  current: 'current',
  under_t: 'to be verified',
  over_t: 'behind',
};

/** Prints the fleet of the environment; with `watch` again and again, until the signal aborts. */
export async function showFleet(context: CommandContext, { watch, every }: FleetOptions): Promise<void> {
  const { around } = context;
  const seconds = Number(every);
  if (!/^\d+(\.\d+)?$/.test(every) || seconds < 0.5 || seconds > 3600) {
    throw new UsageError('--every must be a number of seconds, 0.5 to 3600.');
  }
  await look(context);
  if (!watch) return;
  const isOver = (): boolean => around.signal.aborted;
  while (!isOver()) {
    await around.sleep(seconds * 1000, around.signal);
    try {
      await look(context);
    } catch (error) {
      // Ctrl-C ends the look that is under way; after another failure the next one may succeed.
      if (!isOver()) context.err.line(plain(messageOf(error)));
    }
  }
}

async function look(context: CommandContext): Promise<void> {
  const api = await context.api();
  const path = `${environmentPath(context.environment())}/fleet`;
  const body = (await api.request('GET', path, { as: 'admin' })).body as FleetBody;
  answer(context, body, (out) => {
    const { current, under_t: soon, over_t: behind } = body.holds;
    const late = `${behind} behind for more than ${body.stalenessSeconds} s`;
    out.line(
      `At version ${body.version}: at least ${current} current, ${soon} to be verified, `,
      styled(behind > 0 ? 'red' : 'green', late),
    );
    const rows = body.entries.map(({ key, proxy, stream, version, lag, holds, heardMs }) => [
      plain(key.name ?? key.id),
      proxy,
      stream,
      version,
      LAGS[lag] ?? lag,
      `${proxy === 'direct' ? '' : '>= '}${holds}`,
      `${Math.round(heardMs / 1000)} s ago`,
    ]);
    if (rows.length > 0) {
      out.table([['KEY', 'PROXY', 'STREAM', 'VERSION', 'STATE', 'HOLDS', 'HEARD'], ...rows], 'KEY');
    }
    if (body.truncated) out.line('There are more than these.');
  });
}
