/** The pages that the shell lists, in their order. A page is added here and in router.tsx. */

/** Pages of the chosen environment; their routes begin with `/e/$environment`. */
export const ENVIRONMENT_PAGES = [
  { to: '/e/$environment/flags', label: 'Flags' },
  { to: '/e/$environment/try', label: 'Try a user' },
  { to: '/e/$environment/history', label: 'History' },
  { to: '/e/$environment/compare', label: 'Compare' },
  { to: '/e/$environment/keys', label: 'Keys' },
] as const;

/**
 * Returns the title of the browser's tab for an address, so that tabs and bookmarks can be told apart.
 *
 * @param environment the name of its environment, if that is known
 */
export function titleOf(pathname: string, environment: string | undefined): string {
  const [, first = '', , page = '', key] = pathname.split('/');
  if (first !== 'e') {
    const found = INSTALLATION_PAGES.find(({ to }) => to === pathname);
    return found === undefined ? 'Holdfast' : `${found.label} · Holdfast`;
  }
  const listed = ENVIRONMENT_PAGES.find(({ to }) => to.endsWith(`/${page}`))?.label ?? 'New flag';
  const name = key === undefined ? listed : decodeURIComponent(key);
  return [name, ...(environment === undefined ? [] : [environment]), 'Holdfast'].join(' · ');
}

/** Pages of the whole installation, with the role that they need. */
export const INSTALLATION_PAGES: readonly {
  readonly to: string;
  readonly label: string;
  readonly role: 'viewer' | 'editor' | 'admin';
  /** Only for operators of all environments. */
  readonly needsAll?: true;
}[] = [
  { to: '/delivery', label: 'Delivery', role: 'viewer' },
  { to: '/environments', label: 'Environments', role: 'viewer' },
  { to: '/operators', label: 'Operators', role: 'admin', needsAll: true },
];
