/**
 * The least that an origin of Pushpin can do, as a process: each request is held on one channel,
 * without a check of anything. Sends its port to its parent.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    'Grip-Hold': 'stream',
    'Grip-Channel': 'all',
  });
  response.end(':\n\n');
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
