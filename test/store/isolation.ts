/**
 * Processes in namespaces of their own, as containers are: for tests on Linux, by util-linux'
 * `unshare`.
 */
import { spawnSync } from 'node:child_process';
import { quick } from '../support/runs.js';

/**
 * The command and arguments that run others isolated: as root, or as a user who is root in a
 * namespace of its own.
 */
export function unshare(...namespaces: string[]): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return ['unshare', ...user, ...namespaces];
}

/**
 * True when tests in namespaces are to run: always in a full run on Linux, where a machine that
 * forbids namespaces makes them fail. A quick run, which needs nothing but Node, leaves them out
 * where they cannot work.
 */
export const runsIsolated = process.platform === 'linux' && (!quick || isAllowed());

function isAllowed(): boolean {
  const [command = '', ...args] = unshare('--mount', '--pid', '--fork', '--mount-proc', 'true');
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
