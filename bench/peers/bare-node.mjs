/**
 * The least that a server on Node can do, as a process: constant answers, and streams that get what is posted.
 * What Holdfast costs beyond it is its own; the rest is Node's.
 */
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';

const VALUE = '{"key":"bench.flag.0","reason":"TARGETING_MATCH","variant":"true","value":true}';

const streams = new Set();

createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write('retry: 1000\n\n');
    streams.add(response);
    response.on('close', () => streams.delete(response));
    return;
  }
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (request.url === '/publish') {
      const frame = Buffer.from(`data: ${Buffer.concat(chunks)}\n\n`);
      for (const stream of streams) stream.write(frame);
    }
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': VALUE.length });
    response.end(VALUE);
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
