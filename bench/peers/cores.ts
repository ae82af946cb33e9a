/**
 * Cores for a comparison: the servers share one, and the load generator has another, so that none is
 * ahead by using more of them.
 */
import { spawnSync } from 'node:child_process';

/** Settles what follows on the servers' core: processes that are started then stay there. */
export const toServers = (): void => settle(0);

/** Settles this process, which makes the load, on a core of its own. */
export const toLoad = (): void => settle(1);

function settle(core: number): void {
  const { status, stderr } = spawnSync('taskset', ['-a', '-c', '-p', `${core}`, `${process.pid}`]);
  if (status !== 0)
    throw new Error(`taskset (util-linux) failed, which needs two cores: ${stderr.toString()}`);
}
