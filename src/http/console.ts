/**
 * Serves the console: the files of `dist/console` at `/console/`, which people who open the address
 * of a node in a browser are sent to. The files are the same for all and say nothing of the
 * installation; the page calls `/admin/v1` with the token of an operator. [protocol] #console
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { Router, type RequestHandler, type Response } from 'express';
import { HoldfastError } from '../core/errors.js';
import { PACKAGE_FOLDER } from '../core/package-folder.js';
import { nothingAt, onlyMethods } from './errors.js';
import { cameThroughProxy } from './internal.js';

/**
 * The policy of the page: it may load files of the node and call its routes, nothing inline, nothing
 * of other origins. No page can frame it.
 */
const PAGE_HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

/** The name of a file below `assets/` has a hash of its content in it. */
const IMMUTABLE = 'public, max-age=31536000, immutable';

/** The folder of the built page, if it was built. */
function consoleFolder(): string | null {
  const folder = join(PACKAGE_FOLDER, 'dist/console');
  return existsSync(join(folder, 'index.html')) ? folder : null;
}

/**
 * Builds the routes of the console.
 *
 * @param folder the built page; `null`: it was not built, and requests are told so
 */
export function consoleRoutes(folder: string | null = consoleFolder()): Router {
  const router = Router();
  router.use(sendPeopleToTheConsole);
  router.use('/console', withPageHeaders, ...(folder === null ? [notBuilt] : filesOf(folder)));
  return router;
}

/** Sends a browser at `/` to the console. A program there gets 404 as JSON. */
const sendPeopleToTheConsole: RequestHandler = (request, response, next) => {
  const isBrowser = request.headers.accept?.includes('text/html') === true;
  if (request.path === '/' && request.method === 'GET' && isBrowser && !cameThroughProxy(request)) {
    response.set('Cache-Control', 'no-store').vary('Accept').redirect(302, '/console/');
    return;
  }
  next();
};

const withPageHeaders: RequestHandler = (_request, response, next) => {
  response.set(PAGE_HEADERS);
  next();
};

const notBuilt: RequestHandler = () => {
  throw new HoldfastError(
    'not_found',
    'the console was not built: run npm run build, and start the node again',
  );
};

function filesOf(folder: string): RequestHandler[] {
  const files = express.static(folder, {
    index: false,
    redirect: false,
    // Compressed answers have no ranges.
    acceptRanges: false,
    cacheControl: false,
    setHeaders: (response, path) =>
      void response.setHeader('Cache-Control', path.includes('/assets/') ? IMMUTABLE : 'no-cache'),
  });
  /** The page at every other path: it reads the path itself. */
  const page: RequestHandler = (request, response) => {
    if (request.originalUrl === '/console') response.redirect(302, '/console/');
    else if (request.path.startsWith('/assets/')) throw nothingAt(request);
    else sendPage(response, folder);
  };
  const methods = onlyMethods('GET', 'HEAD');
  return [
    (request, response, next) => {
      if (request.method === 'GET' || request.method === 'HEAD') next();
      else methods(request, response, next);
    },
    files,
    page,
  ];
}

function sendPage(response: Response, folder: string): void {
  response.set('Cache-Control', 'no-cache');
  response.sendFile('index.html', { root: folder, cacheControl: false, acceptRanges: false });
}
