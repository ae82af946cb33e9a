/** The engine compiles the built server's code for speed, unless the form of the bundle keeps it from that. */
import { connect } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startNode } from '../support/node.js';

const REQUESTS = 15_000;

/** Sends requests behind one another over one connection; resolves when all are answered. */
function request(port: number, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answered = 0;
    const send = (): unknown => socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100));
    socket.on('connect', send).on('error', reject);
    socket.on('data', (data) => {
      const before = answered;
      answered += data.toString('latin1').split('HTTP/1.1 200').length - 1;
      if (answered >= count) socket.end(() => resolve());
      else if (Math.floor(answered / 100) > Math.floor(before / 100)) send();
    });
  });
}

it('the built server lets the engine compile what makes requests and answers, once', async () => {
  const data = mkdtempSync(join(tmpdir(), 'hf-optimized-'));
  const node = await startNode({
    env: { HOLDFAST_STORE: `file:${data}`, HOLDFAST_DRAIN: '0' },
    command: ['--trace-compilation-dependencies', 'dist/main.js', 'serve'],
  });
  try {
    await request(node.port, REQUESTS);
    const thrownAway = node.logs().match(/invalid dependency: StableMapDependency/g)?.length ?? 0;
    // Chance may throw one away; the engine that cannot stop throws away dozens.
    expect(thrownAway).toBeLessThan(5);
  } finally {
    await node.stop();
    rmSync(data, { recursive: true, force: true });
  }
});
