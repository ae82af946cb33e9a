/**
 * Processes of the benchmark's own, in TypeScript. They end when this one disconnects from them or
 * ends.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Starts a program of this folder, with one argument in JSON. */
export function startChild(file: string, argument: unknown = null): ChildProcess {
  return fork(join(import.meta.dirname, file), [JSON.stringify(argument)], {
    execArgv: ['--import', import.meta.resolve('tsx')],
  });
}

/** The next message; rejects when the process ends without one. */
export async function nextMessage(child: ChildProcess): Promise<unknown> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`${child.spawnfile} ended with ${String(code)}`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [unknown];
    return message;
  } finally {
    waiting.abort();
    ended.catch(() => undefined);
  }
}

export async function endChild(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}
