/** Ports that nothing listens on. */
import { createServer } from 'node:net';

/**
 * Below the range from which systems take the local ports of outgoing connections (32768 on Linux,
 * 49152 elsewhere), so that no connection can take a port between the look and its use.
 */
const LOWEST = 12_000;
const HIGHEST = 20_000; // a Redis Cluster node also takes its port + 10,000

/** A port that is free on loopback: the first of `run` consecutive free ones. */
export async function freePort(run = 1): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const first = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST - run));
    const ports = Array.from({ length: run }, (_, index) => first + index);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${run} consecutive free ports between ${LOWEST} and ${HIGHEST}`);
}

/** That many different free ports. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/** True when nothing listens on a port, neither on loopback nor on all addresses. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
