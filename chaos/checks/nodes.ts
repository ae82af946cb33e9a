/**
 * The nodes at rest: each serves what the store has, none ended by itself, none had to say that
 * something went wrong inside.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../../src/core/errors.js';
import { decodeConfigs, splitConfigs } from '../../src/ruleset/codec.js';
import { authorization } from '../clients/client.js';
import { digestOf } from '../clients/event.js';
import { storeHealth } from '../convergence.js';
import type { Site } from '../site.js';
import type { SiteNode } from '../site-node.js';
import type { Truth, TrueRuleset } from '../truth.js';
import { contextToken } from '../writers/settings.js';
import type { Violation } from './violation.js';

/** The log line of a node whose request met an unexpected error. */
const DEFECT = '"msg":"a request failed"';

/** A busy machine makes a node miss its store for some seconds. Milliseconds. */
const READY_WITHIN = 5_000;
const READY_AGAIN = 200;

export async function checkNodes(
  site: Site,
  truth: Truth,
  keys: ReadonlyMap<bigint, string>,
  dir: string,
): Promise<Violation[]> {
  const found: string[] = [];
  for (const node of site.nodes) {
    const name = `node ${node.index + 1}`;
    const log = readFileSync(join(dir, `holdfast-${node.index + 1}.log`), 'utf8');
    const defect = log.split('\n').find((line) => line.includes(DEFECT));
    if (defect !== undefined) found.push(`${name} had a defect: ${defect}`);
    if (node.hasCrashed) {
      found.push(`${name} ended by itself: ${log.slice(-500)}`);
      continue;
    }
    const state = await storeProblem(node);
    if (state !== undefined) found.push(`${name} ${state}`);
    for (const [environment, ruleset] of truth.rulesets) {
      const problem = await snapshotProblem(node, keys.get(environment) ?? '', ruleset);
      if (problem !== undefined) found.push(`${name}, environment ${environment}: ${problem}`);
    }
  }
  return found.map((text) => ({ check: 'nodes', text }));
}

/** A node that has what the store has says so, soon. */
async function storeProblem(node: SiteNode): Promise<string | undefined> {
  const deadline = performance.now() + READY_WITHIN;
  for (;;) {
    const health = await storeHealth(node);
    if (health?.isDegraded === false) return undefined;
    const problem = health === undefined ? 'gives no readiness' : `is degraded: ${health.text}`;
    if (performance.now() > deadline) return `${problem}, at rest`;
    await pause(READY_AGAIN);
  }
}

async function snapshotProblem(
  node: SiteNode,
  key: string,
  ruleset: TrueRuleset,
): Promise<string | undefined> {
  try {
    const answer = await fetch(`${node.url}/api/v1/configs/0`, {
      headers: { authorization: authorization(key) },
      signal: AbortSignal.timeout(10_000),
    });
    if (answer.status !== 200) return `the snapshot was answered with ${answer.status}`;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const context = contextToken(decodeConfigs(bytes).defaultContext);
    if (context !== ruleset.context)
      return `its default context is ${context ?? 'none'}, and the store's ${ruleset.context ?? 'none'}`;
    const configs = splitConfigs(bytes);
    const same = configs.filter(
      ({ key: name, bytes }) => ruleset.configs.get(name)?.digest === digestOf(bytes),
    );
    if (same.length === ruleset.configs.size && configs.length === same.length) return undefined;
    return `its snapshot has ${configs.length} configs, the store ${ruleset.configs.size}, and ${same.length} are the same`;
  } catch (error) {
    return `no snapshot: ${messageOf(error)}`;
  }
}
