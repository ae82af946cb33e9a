/**
 * Processes in namespaces of their own, as containers are: for tests on Linux, by util-linux'
 * `unshare`.
 */
/**
 * The command and arguments that run others isolated: as root, or as a user who is root in a
 * namespace of its own.
 */
export function unshare(...namespaces: string[]): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return ['unshare', ...user, ...namespaces];
}

/** True on Linux, where a machine that forbids namespaces makes these tests fail. */
export const runsIsolated = process.platform === 'linux';
