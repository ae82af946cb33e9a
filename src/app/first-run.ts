/**
 * The first start of an embedded store, which generates for itself the secrets that an operator
 * gives to an installation with several nodes.
 *
 * Secrets that were not given are generated and kept in the data directory, readable by its owner
 * only. An empty store gets environment 1 with a server key and a few example configs.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exampleConfigs } from './first-run-text.js';
import type { Committer } from '../commit/committer.js';
import type { Secrets } from './build/parts.js';
import type { NodeSettings } from '../config/options.js';
import { replaceFile } from '../core/durable-file.js';
import { HoldfastError, messageOf } from '../core/errors.js';
import { SECRETS_FILE, SERVER_FILE, type KeptSecrets, type ServerAddress } from '../core/server-file.js';
import { issueKey } from '../keys/issue-key.js';
import { readSubmittedJson } from '../ruleset/submitted.js';
import { HOLDFAST_AUTHOR } from '../store/history.js';
import { parseStoreLocation } from '../store/location.js';
import type { Store } from '../store/store.js';

/**
 * Provides the secrets that a node runs with: those given, else those in the data directory, else
 * new ones, which are written there. With a shared store both are given; readNodeSettings requires
 * it.
 *
 * @throws HoldfastError `store_damaged` when the file is there and cannot be read
 */
export async function provideSecrets(settings: NodeSettings): Promise<Secrets> {
  const { adminTokens, linkSecrets } = settings;
  if (adminTokens !== undefined && linkSecrets !== undefined) return { adminTokens, linkSecrets };
  const file = secretsFile(settings);
  if (file === undefined) throw new Error('a shared store without given secrets must not get this far');
  const kept = await keptSecrets(file);
  return {
    adminTokens: adminTokens ?? [kept.adminToken],
    linkSecrets: linkSecrets ?? [kept.secret],
  };
}

/**
 * Returns the path at which the embedded store keeps generated secrets; `undefined` with a shared
 * store.
 */
export function secretsFile({ store }: NodeSettings): string | undefined {
  const location = parseStoreLocation(store);
  return location.kind === 'file' ? join(location.directory, SECRETS_FILE) : undefined;
}

async function keptSecrets(file: string): Promise<KeptSecrets> {
  const generated = { adminToken: randomBytes(24).toString('hex'), secret: randomBytes(32).toString('hex') };
  try {
    await writeFile(file, `${JSON.stringify(generated, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
    return generated;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  try {
    const kept = JSON.parse(await readFile(file, 'utf8')) as Partial<KeptSecrets>;
    const { adminToken, secret } = kept;
    if (typeof adminToken !== 'string' || typeof secret !== 'string')
      throw new Error('adminToken or secret is missing');
    return { ...kept, adminToken, secret };
  } catch (error) {
    throw new HoldfastError(
      'store_damaged',
      `${file} cannot be read (${messageOf(error)}): correct it, or remove it to have new secrets generated`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Keeps the key of environment 1 next to the other secrets, where the commands find it. Without a
 * file, all secrets were given as settings, and it is left to the operator.
 */
export async function keepKey(settings: NodeSettings, apiKey: string): Promise<void> {
  const file = secretsFile(settings);
  if (file === undefined || !existsSync(file)) return;
  await replaceFile(file, [jsonBytes({ ...(await keptSecrets(file)), apiKey })]);
}

/**
 * Says in the data directory where this server is, until the returned function is called; nothing
 * with a shared store.
 */
export async function announceServer(
  settings: NodeSettings,
  { url, adminUrl }: Pick<ServerAddress, 'url' | 'adminUrl'>,
): Promise<() => Promise<void>> {
  const location = parseStoreLocation(settings.store);
  if (location.kind !== 'file') return () => Promise.resolve();
  const file = join(location.directory, SERVER_FILE);
  const generatedToken = settings.adminTokens === undefined;
  const address: ServerAddress = { url, adminUrl, pid: process.pid, generatedToken };
  await replaceFile(file, [jsonBytes(address)]);
  return () => rm(file, { force: true });
}

function jsonBytes(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Creates environment 1 in an empty store and returns its key. */
export async function createExamples(store: Store, committer: Committer, now: number): Promise<string> {
  const by = { author: HOLDFAST_AUTHOR, message: 'Examples of the first start.' };
  const settings = { id: 1n, projectId: 1n, name: 'Development' };
  const { environment } = await committer.putEnvironment(settings, { ...by, source: 'settings' });
  const configs = readSubmittedJson({ configs: exampleConfigs() });
  await committer.commit({ environment: 1n, configs, by: { ...by, source: 'http' } });
  const { text, key } = issueKey(environment, 'server', 'created at the first start', now);
  await store.addKey(key);
  return text;
}
