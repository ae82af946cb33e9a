/** The pages and their addresses. Each page is a file that is loaded when it is first opened. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { FlagsPage } from './pages/flags.js';
import { HomePage } from './pages/home.js';
import type { FlagFilters } from './model/filters.js';
import { Shell } from './shell/shell.js';
import { NotFound, PageFailed } from './parts/page-notices.js';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: PageFailed });

const home = createRoute({ getParentRoute: () => root, path: '/', component: HomePage });

const environment = createRoute({ getParentRoute: () => root, path: '/e/$environment' });

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

const newFlag = createRoute({
  getParentRoute: () => environment,
  path: '/new',
  component: lazyRouteComponent(() => import('./pages/new-flag.js'), 'NewFlagPage'),
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
  validateSearch: ({ context }: Record<string, unknown>): { readonly context?: string } =>
    context === undefined ? {} : { context: typeof context === 'string' ? context : JSON.stringify(context) },
});

const keys = createRoute({
  getParentRoute: () => environment,
  path: '/keys',
  component: lazyRouteComponent(() => import('./pages/keys.js'), 'KeysPage'),
});

const environments = createRoute({
  getParentRoute: () => root,
  path: '/environments',
  component: lazyRouteComponent(() => import('./pages/environments.js'), 'EnvironmentsPage'),
});

const operators = createRoute({
  getParentRoute: () => root,
  path: '/operators',
  component: lazyRouteComponent(() => import('./pages/operators.js'), 'OperatorsPage'),
});

const history = createRoute({
  getParentRoute: () => environment,
  path: '/history',
  component: lazyRouteComponent(() => import('./pages/history.js'), 'HistoryPage'),
  validateSearch: ({ key }: Record<string, unknown>): { readonly key?: string } =>
    typeof key === 'string' && key !== '' ? { key } : {},
});

const compare = createRoute({
  getParentRoute: () => environment,
  path: '/compare',
  component: lazyRouteComponent(() => import('./pages/compare.js'), 'ComparePage'),
  // The router reads a number from the address as a number.
  validateSearch: ({ from }: Record<string, unknown>): { readonly from?: string } =>
    typeof from === 'string' || typeof from === 'number' ? { from: String(from) } : {},
});

const delivery = createRoute({
  getParentRoute: () => root,
  path: '/delivery',
  component: lazyRouteComponent(() => import('./pages/delivery.js'), 'DeliveryPage'),
});

const routeTree = root.addChildren([
  home,
  delivery,
  environment.addChildren([flags, newFlag, flag, tryUser, history, compare, keys]),
  environments,
  operators,
]);

/** The router of the console. */
export const router = createRouter({ routeTree, basepath: '/console', defaultPreload: 'intent' });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
