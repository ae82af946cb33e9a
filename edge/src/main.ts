/// <reference types="@fastly/js-compute" />
/**
 * Holdfast at Fastly's edge: docs/fastly.md. route.ts has the decisions; this file carries them out
 * with Fastly's API.
 */
import { CacheOverride } from 'fastly:cache-override';
import { createFanoutHandoff } from 'fastly:fanout';
import { isForProxies, route } from './route.js';

declare global {
  interface Response {
    /**
     * True when there is a copy to serve in place of this answer. The runtime has it; its types do
     * not, as of 3.46.
     */
    staleIfErrorAvailable(): boolean;
  }
}

/** The name of the backend, in fastly.toml and in the service: the Holdfast nodes. */
const BACKEND = 'origin';

addEventListener('fetch', (event) => event.respondWith(answer(event.request)));

async function answer(request: Request): Promise<Response> {
  const decided = route(request.method, new URL(request.url).pathname);
  if (decided.to === 'nowhere') return notFound();
  if (decided.to === 'origin') {
    const sent = decided.grip ? request : withoutProxyHeaders(request);
    return fetch(sent, { backend: BACKEND, cacheOverride: new CacheOverride('pass') });
  }
  const sent = withoutProxyHeaders(request);
  return decided.to === 'fanout' ? createFanoutHandoff(sent, BACKEND) : cached(sent);
}

/**
 * The origin's answer by way of the cache, as its `Surrogate-Control` says. Where the origin cannot
 * be reached, Fastly serves a stale copy by itself; where it answers 5xx (a load balancer without
 * nodes, a node without its store), the callback takes the copy instead.
 */
async function cached(request: Request): Promise<Response> {
  const cacheOverride = new CacheOverride('override', {
    afterSend(response) {
      if (response.status >= 500 && response.staleIfErrorAvailable()) {
        throw new Error(`the origin answered ${response.status}`);
      }
    },
  });
  try {
    return await fetch(request, { backend: BACKEND, cacheOverride });
  } catch (error) {
    if (!isWithoutCallbacks(error)) throw error;
    return fetch(request, { backend: BACKEND });
  }
}

/**
 * True when the service has no callbacks for its cache: they are switched on per service, and
 * `fastly compute serve` has none.
 */
function isWithoutCallbacks(error: unknown): boolean {
  return error instanceof Error && error.message.includes('HTTP caching API is not enabled');
}

function withoutProxyHeaders(request: Request): Request {
  const names = [...request.headers.keys()].filter(isForProxies);
  if (names.length === 0) return request;
  const headers = new Headers(request.headers);
  for (const name of names) headers.delete(name);
  return new Request(request, { headers });
}

/** In the form of the origin's own errors. */
function notFound(): Response {
  const error = { code: 'not_found', message: 'there is nothing here for clients' };
  return new Response(JSON.stringify({ error }), {
    status: 404,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
  });
}
