/**
 * The routes of an app, read from its router, so that a test which goes through all of them cannot
 * forget a new one.
 */
import type { Express, IRouter } from 'express';

/** Their patterns, such as `/admin/v1/keys/:id`. */
export function routesOf(app: Express): string[] {
  return patternsOf(app.router as IRouter, '');
}

function patternsOf(router: IRouter, prefix: string): string[] {
  return router.stack.flatMap((layer) => {
    if (layer.route !== undefined) return [`${prefix}${layer.route.path}`];
    const mounted = layer.handle as unknown as Partial<IRouter>;
    if (mounted.stack === undefined) return [];
    const { rawPath } = layer as unknown as { rawPath: string };
    return patternsOf(mounted as IRouter, rawPath === '/' ? prefix : `${prefix}${rawPath}`);
  });
}

/** The patterns of those that pages of any site may call. */
export const ROUTES_FOR_PAGES = [
  '/api/v2/configs/eval-with-context/:context',
  '/api/v1/telemetry',
  '/api/v1/known-loggers',
  '/api/v1/context-shapes',
  '/ofrep/v1/evaluate/flags',
  '/ofrep/v1/evaluate/flags/:key',
  '/ofrep/v1/streams/:token',
];
