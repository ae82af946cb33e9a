/**
 * Two processes on one data directory, as two containers with one volume are: each the first of its
 * pid namespace.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, lstat, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStore } from '../../src/store/file/store.js';
import type { Store } from '../../src/store/store.js';
import { until } from '../support/until.js';
import { runsIsolated, unshare } from './isolation.js';
import { creation, removeDirectory, silent, temporaryDirectory } from './fixtures.js';

/** The patience of these tests, milliseconds: a heartbeat comes each second. */
const PATIENCE = 2_500;

let directory: string;
const holders: Holder[] = [];

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(async () => {
  await Promise.all(holders.splice(0).map((holder) => holder.kill()));
  await removeDirectory(directory);
});

type Answer = Record<'opened' | 'refused' | 'committed' | 'failed' | 'state' | 'reason', string | undefined>;

/** A process that has the store open, or was refused. */
class Holder {
  readonly answers: Answer[] = [];
  readonly #child: ChildProcess;
  readonly #pid: () => Promise<number>;

  constructor(child: ChildProcess, pid: () => Promise<number>) {
    this.#child = child;
    this.#pid = pid;
    createInterface({ input: child.stdout! }).on('line', (line) => this.answers.push(JSON.parse(line)));
  }

  get committed(): number[] {
    return this.answers.flatMap(({ committed }) => (committed === undefined ? [] : [Number(committed)]));
  }

  async answer(index: number): Promise<Answer> {
    return until(`answer ${index}`, () => this.answers[index], { timeout: 20_000 });
  }

  async ask(command: string): Promise<Answer> {
    const index = this.answers.length;
    this.tell(command);
    return this.answer(index);
  }

  tell(command: string): void {
    this.#child.stdin!.write(`${command}\n`);
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    const pid = await this.#pid();
    // 0 would mean every process of this group, the tests themselves among them.
    if (!Number.isSafeInteger(pid) || pid <= 1) throw new Error('the process is gone');
    process.kill(pid, signal);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    await this.signal('SIGKILL').catch(() => this.#child.kill('SIGKILL'));
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/** @param isolated in a pid namespace of its own, where it has the number 1 */
function start(isolated: boolean, compactAbove = 1_000_000): Holder {
  const script = join(import.meta.dirname, 'lock-holder.ts');
  const node = [process.execPath, '--import', 'tsx', script, directory, `${PATIENCE}`, `${compactAbove}`];
  const [command = '', ...args] = isolated
    ? [...unshare('--pid', '--fork', '--kill-child', '--mount-proc'), ...node]
    : node;
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const childOf = async () => {
    return Number(await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'));
  };
  const holder = new Holder(child, isolated ? childOf : () => Promise.resolve(child.pid!));
  holders.push(holder);
  return holder;
}

async function open(): Promise<Store> {
  return openFileStore(directory, { log: silent, lockPatience: PATIENCE });
}

const isolated = () => {
  describe('two processes that are both number 1', () => {
    it('two processes that are both number 1 are kept apart: a second one is refused while the first one lives', async () => {
      const first = start(true);
      expect(await first.answer(0)).toEqual({ opened: '0' });
      const second = start(true);
      expect(await second.answer(0)).toEqual({
        refused: expect.stringContaining('in use by another process'),
      });
      expect(await first.ask('commit')).toEqual({ committed: '1' });
    });

    it('two processes that are both number 1 are kept apart when they start together', async () => {
      for (let round = 0; round < 3; round++) {
        const pair = [start(true), start(true)];
        const answers = await Promise.all(pair.map((holder) => holder.answer(0)));
        expect(answers.filter(({ opened }) => opened !== undefined)).toHaveLength(1);
        const winner = pair.find(({ answers: [first] }) => first?.opened !== undefined);
        await winner?.ask('close');
      }
    });

    it('two processes that are both number 1 follow each other: a killed one is taken for dead, and its acknowledged commits are there', async () => {
      const first = start(true);
      await first.answer(0);
      first.tell('run');
      await until('some commits', () => first.committed.length > 20);
      await first.kill();
      const last = first.committed.at(-1)!;
      const second = start(true);
      const { opened } = await second.answer(0);
      expect(Number(opened)).toBeGreaterThanOrEqual(last);
      expect(await second.ask('commit')).toEqual({ committed: `${Number(opened) + 1}` });
    });

    it('two processes that are both number 1 do not lose or overwrite an acknowledged commit when one only stood still and runs on', async () => {
      // A small bound, so that compactions are under way when the process is stopped.
      const first = start(true, 2_000);
      await first.answer(0);
      first.tell('run');
      await until('some commits', () => first.committed.length > 50);
      await first.signal('SIGSTOP');
      const second = start(true, 2_000);
      const from = Number((await second.answer(0)).opened);
      expect(from).toBeGreaterThanOrEqual(first.committed.at(-1)!);
      for (let i = 1; i <= 20; i++) expect(await second.ask('commit')).toEqual({ committed: `${from + i}` });
      await first.signal('SIGCONT');
      const failed = await until('the first one is refused', () =>
        first.answers.find((answer) => answer.failed),
      );
      expect(failed.failed).toMatch(/another process/);
      expect(first.committed.at(-1)).toBeLessThanOrEqual(from);
      await until('the first one says so', async () => {
        const { state, reason } = await first.ask('state');
        return state === 'refusing' && reason?.includes('another process');
      });
      for (let i = 21; i <= 40; i++) expect(await second.ask('commit')).toEqual({ committed: `${from + i}` });
      await Promise.all([first.kill(), second.kill()]);
      const store = await open();
      expect(await store.version(1n)).toBe(BigInt(from + 40));
      await store.close();
    });
  });
};
if (runsIsolated) isolated();

describe('the lock', () => {
  it('the lock refuses a directory that a living process of the same namespace has, and says which', async () => {
    const first = start(false);
    await first.answer(0);
    const started = performance.now();
    await expect(open()).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(new RegExp(`${directory} is in use by process \\d+.*Redis`)),
    });
    if (process.platform === 'linux') expect(performance.now() - started).toBeLessThan(PATIENCE);
  });

  it.runIf(process.platform === 'linux')(
    'the lock of a killed process of the same namespace is taken without waiting',
    async () => {
      const first = start(false);
      await first.answer(0);
      await first.kill();
      const started = performance.now();
      await (await open()).close();
      expect(performance.now() - started).toBeLessThan(PATIENCE);
    },
  );

  it('the lock refuses a second store in the same process', async () => {
    const store = await open();
    await expect(open()).rejects.toMatchObject({ code: 'store_unavailable' });
    await store.close();
    await (await open()).close();
  });

  it.runIf(process.platform === 'linux')(
    'the lock is stale when its number belongs to a process that started later',
    async () => {
      const store = await open();
      const [boot, namespace, , , token] = (await readlink(join(directory, 'lock'))).split('.');
      await store.close();
      await symlink([boot, namespace, process.ppid, 1, token].join('.'), join(directory, 'lock'));
      const started = performance.now();
      await (await open()).close();
      expect(performance.now() - started).toBeLessThan(PATIENCE);
    },
  );

  it.each(['', 'garbage\n', '-1 5\n'])(
    'the lock is taken after a while when it says %j and shows no sign of life',
    async (content) => {
      await writeFile(join(directory, 'lock'), content);
      const started = performance.now();
      const store = await open();
      expect(performance.now() - started).toBeGreaterThan(PATIENCE);
      await store.close();
    },
  );

  it('the lock is gone when the store is closed', async () => {
    const store = await open();
    expect((await lstat(join(directory, 'lock'))).isSymbolicLink()).toBe(true);
    await store.close();
    expect(await readdir(directory)).toEqual(['log']);
  });

  it('the lock that is removed by hand ends writes, and one that is put back allows them', async () => {
    const store = await open();
    await store.commit(creation(1n));
    const content = await readlink(join(directory, 'lock'));
    await rm(join(directory, 'lock'));
    await expect(store.commit(creation(2n))).rejects.toMatchObject({
      message: expect.stringMatching(/nothing was changed.*another process/),
    });
    expect(store.writable()).toMatchObject({ state: 'refusing' });
    await symlink(content, join(directory, 'lock'));
    expect(await store.commit(creation(2n))).toEqual({ kind: 'committed' });
    expect(store.writable()).toEqual({ state: 'ok' });
    await store.close();
  });

  it('the lock is backed by a look at the log: bytes that another process wrote are not overwritten', async () => {
    const store = await open();
    await store.commit(creation(1n));
    await appendFile(join(directory, 'log'), 'x');
    await expect(store.commit(creation(2n))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('changed by another process'),
    });
    expect(await store.version(2n)).toBeUndefined();
    await store.close();
  });
});
