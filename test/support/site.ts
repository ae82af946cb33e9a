/**
 * A web site on an origin of its own, so that a page's requests to Holdfast are those of another
 * site.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Site {
  /** Without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves an empty page that runs `script`, at every path. */
export async function startSite(script: string): Promise<Site> {
  const page = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><div id="root"></div>';
  const server = createServer((request, response) => {
    if (request.url === '/script.js') {
      response.setHeader('Content-Type', 'text/javascript; charset=utf-8').end(script);
    } else {
      response.setHeader('Content-Type', 'text/html').end(`${page}<script src="/script.js"></script>`);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
