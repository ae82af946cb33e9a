/** Starts the server of a peer as a process of its own. */
import { join } from 'node:path';
import { startProcess } from '../../test/support/processes.js';
import { until } from '../../test/support/until.js';

/** A server to start. */
export interface ServerToStart {
  readonly command: string;
  readonly args: readonly string[];
  /** Its working directory and home, which gets its log too. */
  readonly folder: string;
  /** The port at which it answers HTTP. */
  readonly port: number;
}

/** Starts a server; resolves when it answers. @throws Error with its output when it ends at its start */
export async function startServer(name: string, { command, args, folder, port }: ServerToStart) {
  const running = startProcess({
    command,
    args,
    env: { PATH: process.env.PATH ?? '', HOME: folder },
    cwd: folder,
    logFile: join(folder, 'log'),
    onOrphaned: 'SIGKILL',
  });
  await until(
    `${name} listens`,
    async () => running.hasEnded() || (await fetch(`http://127.0.0.1:${port}/`).then(() => true)),
    { timeout: 30_000, context: () => running.tail() },
  );
  if (running.hasEnded()) throw new Error(`${name} ended at its start:\n${running.tail()}`);
  return running;
}
