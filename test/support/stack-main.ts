/**
 * `npm run stack [-- FOLDER]`: the whole installation on free ports, with its logs in one folder,
 * until Ctrl-C.
 */
import { rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { startStack, type Stack } from './stack.js';

const LOGS = join(import.meta.dirname, '../../.stack');
const FLAG = 'example.flag';

/** A boolean flag with one row that applies to everyone, in its proto3-JSON form. */
function flag(on: boolean): unknown {
  return {
    key: FLAG,
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    allowableValues: [{ bool: true }, { bool: false }],
    rows: [{ values: [{ value: { bool: on } }] }],
  };
}

function instructions(stack: Stack, key: string): string {
  const node = stack.nodes[0]!.url;
  const body = JSON.stringify({ configs: [flag(true)] });
  return [
    `Redis       ${stack.redis.url}`,
    ...stack.pushpins.map(({ url, publishUrl }) => `Pushpin     ${url}   (publish: ${publishUrl})`),
    ...stack.nodes.map(({ url }) => `Holdfast    ${url}`),
    `Logs        ${relative('', stack.dir)}/`,
    '',
    `API key     ${key}   (environment 1)`,
    `Admin token ${stack.secrets.adminToken}`,
    '',
    'Subscribe, through Pushpin:',
    `  curl -N -u :${key} ${stack.url}/api/v1/sse/config`,
    'Change a flag:',
    `  curl -H 'Authorization: Bearer ${stack.secrets.adminToken}' -H 'Content-Type: application/json' -d '${body}' ${node}/admin/v1/environments/1/changes`,
    'Read the snapshot:',
    `  curl -u :${key} '${stack.url}/api/v1/configs/0?format=json'`,
    '',
    'Ctrl-C ends everything.',
  ].join('\n');
}

/**
 * Resolves at the first SIGINT or SIGTERM. A second one, sent for impatience, must not leave
 * processes behind, so it has no effect.
 */
function interruption(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
}

const interrupted = interruption();
const [, , given] = process.argv;
// Those of the last run. What is in a folder that was given is not ours to remove.
if (given === undefined) rmSync(LOGS, { recursive: true, force: true });
const stack = await startStack({ canary: true, dir: given === undefined ? LOGS : resolve(given) });
try {
  await stack.createEnvironment(1, { name: 'example' });
  const { key } = await stack.createKey(1);
  await stack.commit(1, [flag(false)]);
  console.log(instructions(stack, key));
  await interrupted;
} finally {
  await stack.stop();
}
