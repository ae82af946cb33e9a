/** The frame of every page: navigation, environment, operator, theme. */
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { ENVIRONMENT_PAGES, INSTALLATION_PAGES, titleOf } from '../navigation.js';
import { environmentsQuery, type Environment } from '../queries.js';
import { useMay, useSelf } from '../session.js';
import { signOut } from '../sign-in.js';
import { chooseTheme, useTheme, type Theme } from '../theme.js';
import { Toasts } from './toasts.js';

/** Draws the frame, with the page in it. */
export function Shell() {
  const { pathname } = useLocation();
  // Only until another page is opened.
  const [openAt, setOpenAt] = useState('');
  const isOpen = openAt === pathname;
  const page = useRef<HTMLElement>(null);
  useEffect(() => focusPage(page.current), [pathname]);
  useTitle(pathname);
  return (
    <div className="shell">
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <header className="bar">
        <Brand />
        <button
          type="button"
          className="button menu-button"
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpenAt(isOpen ? '' : pathname)}
        >
          Menu
        </button>
      </header>
      <nav id="navigation" className={isOpen ? 'side side-open' : 'side'} aria-label="Pages">
        <Brand />
        <Pages />
        <Operator />
      </nav>
      <main id="page" ref={page} tabIndex={-1}>
        <Outlet />
      </main>
      <Toasts />
    </div>
  );
}

/**
 * Moves the focus from a link, which may be gone with its page, to the page that it opens. It is left
 * in the picker of environments, where each step of an arrow key opens a page.
 */
function focusPage(page: HTMLElement | null): void {
  const { activeElement } = document;
  if (activeElement === document.body || activeElement instanceof HTMLAnchorElement)
    page?.focus({ preventScroll: true });
}

function useTitle(pathname: string): void {
  const { environment } = useParams({ strict: false });
  const { data } = useQuery(environmentsQuery);
  const name = data?.find(({ id }) => id === environment)?.name;
  useEffect(() => {
    document.title = titleOf(pathname, name);
    return () => {
      document.title = 'Holdfast';
    };
  }, [pathname, name]);
}

function Brand() {
  return (
    <Link to="/" className="brand">
      <img src="/console/icon.svg" alt="" width="22" height="22" />
      Holdfast
    </Link>
  );
}

function Pages() {
  const { data: environments, isPending } = useQuery(environmentsQuery);
  const environment = useEnvironment(environments);
  const self = useSelf();
  const isAdmin = useMay('admin');
  const isEditor = useMay('editor');
  const offered = INSTALLATION_PAGES.filter(
    ({ role, needsAll }) =>
      (needsAll !== true || self.environments === 'all') &&
      (role === 'viewer' || (role === 'editor' ? isEditor : isAdmin)),
  );
  // Links that are drawn before those above them would move away from the pointer.
  if (isPending && environment === undefined) return null;
  return (
    <>
      <EnvironmentPicker environments={environments ?? []} environment={environment} />
      {environment !== undefined && (
        <ul className="nav-list">
          {ENVIRONMENT_PAGES.map(({ to, label }) => (
            <li key={to}>
              <Link to={to} params={{ environment }} activeOptions={{ includeSearch: false }}>
                {label}
              </Link>
            </li>
          ))}
        </ul>
      )}
      {offered.length > 0 && (
        <>
          <h2 className="nav-title">Installation</h2>
          <ul className="nav-list">
            {offered.map(({ to, label }) => (
              <li key={to}>
                <Link to={to}>{label}</Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** Returns the environment of the page; on pages of the installation the last one, or the first of all. */
function useEnvironment(environments: readonly Environment[] | undefined): string | undefined {
  const { environment } = useParams({ strict: false });
  const [last, setLast] = useState(environment);
  if (environment !== undefined && environment !== last) setLast(environment);
  if (environment !== undefined) return environment;
  // The last one may have been deleted since.
  return (environments?.find(({ id }) => id === last) ?? environments?.[0])?.id;
}

function EnvironmentPicker(props: {
  readonly environments: readonly Environment[];
  readonly environment: string | undefined;
}) {
  const { environments, environment } = props;
  const navigate = useNavigate();
  if (environments.length === 0) return null;
  const isKnown = environments.some(({ id }) => id === environment);
  return (
    <label className="picker">
      <span>Environment</span>
      <select
        value={isKnown ? environment : ''}
        onChange={({ target }) =>
          void navigate({ to: '/e/$environment/flags', params: { environment: target.value } })
        }
      >
        {!isKnown && <option value="">Choose …</option>}
        {environments.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

const THEMES: readonly { readonly theme: Theme; readonly label: string }[] = [
  { theme: 'system', label: 'Auto' },
  { theme: 'light', label: 'Light' },
  { theme: 'dark', label: 'Dark' },
];

function Operator() {
  const self = useSelf();
  const chosen = useTheme();
  return (
    <div className="side-foot">
      <fieldset className="segmented">
        <legend className="hidden">Colours</legend>
        {THEMES.map(({ theme, label }) => (
          <label key={theme}>
            <input type="radio" name="theme" checked={chosen === theme} onChange={() => chooseTheme(theme)} />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <p className="who">
        <strong>{self.name}</strong>
        <span className="muted">{self.role}</span>
      </p>
      <button type="button" className="button button-quiet" onClick={() => void signOut()}>
        Sign out
      </button>
    </div>
  );
}
