/**
 * A process of its own for the links between nodes and Redis. The harness decodes every commit that
 * there was and looks at every client; while it does, a link in its own process would pass nothing,
 * and nodes would rightly say that they cannot reach Redis.
 */
import { startTcpLink, type TcpFault } from './tcp-link.js';

/** A change of one link. */
export interface LinkOrder {
  readonly link: number;
  readonly fault?: TcpFault;
  /** Milliseconds. */
  readonly delay?: number;
}

const [count, targetPort] = JSON.parse(process.argv[2] ?? '[]') as [number, number];
const links = await Promise.all(Array.from({ length: count }, () => startTcpLink(targetPort)));
process.on('message', ({ link: index, fault, delay }: LinkOrder) => {
  const link = links[index];
  if (link === undefined) throw new Error(`there is no link ${index}`);
  if (fault !== undefined) link.fault = fault;
  if (delay !== undefined) link.delay = delay;
});
// The harness ended, or wants no links any more.
process.on('disconnect', () => process.exit());
process.send?.(links.map(({ port }) => port));
