/** The pages that the shell lists, in their order. A page is added here and in router.tsx. */

/** Pages of the chosen environment; their routes begin with `/e/$environment`. */
export const ENVIRONMENT_PAGES = [
  { to: '/e/$environment/flags', label: 'Flags' },
  { to: '/e/$environment/try', label: 'Try a user' },
  { to: '/e/$environment/history', label: 'History' },
  { to: '/e/$environment/compare', label: 'Compare' },
  { to: '/e/$environment/keys', label: 'Keys' },
] as const;

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
