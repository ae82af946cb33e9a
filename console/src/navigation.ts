/** The pages that the shell lists, in their order. A page is added here and in router.tsx. */

/** Pages of the chosen environment; their routes begin with `/e/$environment`. */
export const ENVIRONMENT_PAGES = [
  { to: '/e/$environment/flags', label: 'Flags' },
  { to: '/e/$environment/try', label: 'Try a user' },
] as const;

/** Pages of the whole installation, with the role that they need. */
export const INSTALLATION_PAGES: readonly {
  readonly to: string;
  readonly label: string;
  readonly role: 'viewer' | 'editor' | 'admin';
}[] = [];
