/** The HTTP server and the application that it serves. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, it } from 'vitest';
import { createHttpServer } from '../../src/http/server.js';

it("a request and its answer have the application's prototypes before it takes them", async () => {
  const app = express();
  app.get('/', (request, response) => void response.json({ path: request.path }));
  const server = createHttpServer(app);
  const early: boolean[] = [];
  server.prependListener('request', (request, response) => {
    early.push(
      Object.getPrototypeOf(request) === app.request,
      Object.getPrototypeOf(response) === app.response,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(await answer.json()).toEqual({ path: '/' });
    expect(early).toEqual([true, true]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
