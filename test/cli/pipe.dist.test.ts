/** Commands whose output goes into a pipe. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../../dist/main.js');

it('a command whose reader leaves ends quietly with 0', async () => {
  const child = spawn(process.execPath, [MAIN, 'help', 'settings'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  expect([code, errors]).toEqual([0, '']);
});
