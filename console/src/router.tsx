/** The pages and their addresses. Each page is a file that is loaded when it is first opened. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { FlagsPage } from './pages/flags.js';
import { HomePage } from './pages/home.js';
import { Shell } from './shell/shell.js';
import { NotFound, PageFailed } from './parts/page-notices.js';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: PageFailed });

const home = createRoute({ getParentRoute: () => root, path: '/', component: HomePage });

const environment = createRoute({ getParentRoute: () => root, path: '/e/$environment' });

/** The filters of the list, as the address has them. */
export interface FlagFilters {
  readonly q?: string;
  readonly type?: string;
  readonly prefix?: string;
  readonly clients?: 'yes' | 'no';
  readonly changed?: 'hour' | 'day' | 'week' | 'month';
}

const flags = createRoute({
  getParentRoute: () => environment,
  path: '/flags',
  component: FlagsPage,
  validateSearch: (search: Record<string, unknown>): FlagFilters =>
    Object.fromEntries(
      ['q', 'type', 'prefix', 'clients', 'changed'].flatMap((name) =>
        typeof search[name] === 'string' && search[name] !== '' ? [[name, search[name]]] : [],
      ),
    ),
});

const flag = createRoute({
  getParentRoute: () => environment,
  path: '/flags/$key',
  component: lazyRouteComponent(() => import('./pages/flag.js'), 'FlagPage'),
});

const tryUser = createRoute({
  getParentRoute: () => environment,
  path: '/try',
  component: lazyRouteComponent(() => import('./pages/try-user.js'), 'TryUserPage'),
});

const routeTree = root.addChildren([home, environment.addChildren([flags, flag, tryUser])]);

/** The router of the console. */
export const router = createRouter({ routeTree, basepath: '/console', defaultPreload: 'intent' });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
