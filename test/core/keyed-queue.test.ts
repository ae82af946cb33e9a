import { describe, expect, it } from 'vitest';
import { KeyedQueue } from '../../src/core/keyed-queue.js';

/** A task that ends when told to, and the order in which tasks began. */
function gate(): {
  begun: string[];
  task: (name: string) => () => Promise<string>;
  open: (name: string) => void;
} {
  const begun: string[] = [];
  const doors = new Map<string, () => void>();
  const task = (name: string) => () => {
    begun.push(name);
    return new Promise<string>((resolve) => doors.set(name, () => resolve(name)));
  };
  return { begun, task, open: (name) => doors.get(name)?.() };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('KeyedQueue', () => {
  it('runs tasks of one key one after the other in the order of their calls', async () => {
    const { begun, task, open } = gate();
    const queue = new KeyedQueue<string>();
    const results = [queue.run('k', task('a')), queue.run('k', task('b'))];
    await turn();
    expect(begun).toEqual(['a']);
    open('a');
    await turn();
    expect(begun).toEqual(['a', 'b']);
    open('b');
    expect(await Promise.all(results)).toEqual(['a', 'b']);
  });

  it('runs tasks of different keys side by side', async () => {
    const { begun, task, open } = gate();
    const queue = new KeyedQueue<string>();
    const results = [queue.run('k', task('a')), queue.run('l', task('b'))];
    await turn();
    expect(begun).toEqual(['a', 'b']);
    open('a');
    open('b');
    await Promise.all(results);
  });

  it('goes on after a task that failed, and hands the failure to its caller', async () => {
    const queue = new KeyedQueue<string>();
    const failed = queue.run('k', () => Promise.reject(new Error('no')));
    const next = queue.run('k', () => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });

  it('forgets a key whose tasks have ended', async () => {
    const queue = new KeyedQueue<string>();
    const done = queue.run('k', () => Promise.resolve());
    expect(queue.size).toBe(1);
    await done;
    await queue.settled();
    expect(queue.size).toBe(0);
  });

  it('settles when all queued tasks have ended, whether they succeeded or failed', async () => {
    const { task, open } = gate();
    const queue = new KeyedQueue<string>();
    const failed = queue.run('k', () => Promise.reject(new Error('no')));
    failed.catch(() => undefined);
    void queue.run('l', task('a'));
    let settled = false;
    const waiting = queue.settled().then(() => (settled = true));
    await turn();
    expect(settled).toBe(false);
    open('a');
    await waiting;
  });
});
