import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Committer, type CommitAnswer, type CommitRequest } from '../../src/commit/committer.js';
import type { Replica } from '../../src/replica/replica.js';
import { encodeContextSet, encodeEnvelope } from '../../src/ruleset/codec.js';
import type { Config } from '../../src/ruleset/model.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import type { Store } from '../../src/store/store.js';
import { flag } from '../ruleset/arbitrary.js';
import { startReplica } from '../subscribe/rulesets.js';
import { commitConfigs, createEnvironment, settings, TESTER } from '../support/commits.js';
import { openSlowStore, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';

const ENV = 7n;
const CONTEXT = encodeContextSet({ contexts: [{ type: 'user', values: { plan: { string: 'gold' } } }] });
let slow: SlowStore;
let nodes: Node[];

interface Node {
  readonly replica: Replica;
  readonly committer: Committer;
  commits: number;
  conflicts: number;
}

beforeEach(async () => {
  slow = await openSlowStore();
  await createEnvironment(slow.direct, ENV);
  nodes = [];
});

afterEach(async () => {
  for (const { replica } of nodes) await replica.stop();
  await slow.close();
});

/** A node of its own; several on one store compete as they do in life. */
async function startNode(store: Store = slow.store): Promise<Node> {
  const replica = await startReplica(store);
  const node: Node = {
    replica,
    commits: 0,
    conflicts: 0,
    committer: new Committer({
      store,
      replica,
      onCommit: () => node.commits++,
      onConflict: () => node.conflicts++,
    }),
  };
  nodes.push(node);
  return node;
}

function request(configs: Config[], more: Partial<CommitRequest> = {}): CommitRequest {
  return { environment: ENV, by: TESTER, configs: readSubmittedJson({ configs }), ...more };
}

const idempotency = (digest = 'digest') => ({ key: 'once', digest, field: 'Idempotency-Key' });

async function storedKeys(): Promise<string[]> {
  return (await slow.direct.read(ENV))!.configs.map(({ key }) => key).sort();
}

/** That the answers are one chain: each commit on top of the one before. */
function expectChain(answers: readonly CommitAnswer[]): void {
  const byVersion = answers.toSorted((a, b) => (BigInt(a.version) < BigInt(b.version) ? -1 : 1));
  for (const [i, answer] of byVersion.entries())
    expect(answer.previous).toBe(byVersion[i - 1]?.version ?? '0');
}

describe('commits through several nodes', () => {
  it('all succeed, each planned on the one before', async () => {
    const [a, b] = [await startNode(), await startNode(slow.direct)];
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => [
        a.committer.commit(request([flag(`a-${i}`)])),
        b.committer.commit(request([flag(`b-${i}`)])),
      ]).flat(),
    );
    expectChain(answers);
    expect(await storedKeys()).toHaveLength(20);
    expect(a.commits + b.commits).toBe(20);
  });

  it('commits through several nodes are planned again when another was first', async () => {
    const node = await startNode();
    const gate = slow.hold('commit', 'before');
    const committing = node.committer.commit(request([flag('ours')]));
    await gate.reached;
    const { version } = await commitConfigs(slow.direct, ENV, flag('theirs'));
    gate.open();
    expect((await committing).previous).toBe(`${version}`);
    expect([node.commits, node.conflicts]).toEqual([1, 1]);
  });

  it('commits through several nodes with If-Match are refused when another was first', async () => {
    const node = await startNode();
    const gate = slow.hold('commit', 'before');
    const committing = node.committer.commit(request([flag('ours')], { ifVersion: 0n }));
    const refused = expect(committing).rejects.toMatchObject({ code: 'version_mismatch', field: 'If-Match' });
    await gate.reached;
    await commitConfigs(slow.direct, ENV, flag('theirs'));
    gate.open();
    await refused;
    expect(await storedKeys()).toEqual(['theirs']);
  });

  it('commits through several nodes keep the default context that another set while they waited for the clock', async () => {
    const [a, b] = [await startNode(), await startNode(slow.direct)];
    const gate = slow.hold('time', 'after');
    const committing = a.committer.commit(request([flag('ours')]));
    await gate.reached;
    const theirs = { ...settings(ENV), defaultContext: CONTEXT };
    const { environment } = await b.committer.putEnvironment(theirs, TESTER);
    await until('the change at the first node', () => a.replica.loaded(ENV)?.version === environment.version);
    gate.open();
    expect((await committing).previous).toBe(`${environment.version}`);
    expect(Buffer.compare(a.replica.loaded(ENV)!.envelope, encodeEnvelope(theirs))).toBe(0);
  });

  it('commits through several nodes give up after twenty attempts, and say that a repeat may succeed', async () => {
    const node = await startNode();
    slow.store.commit = async () => ({ kind: 'conflict', version: 1n });
    await expect(node.committer.commit(request([flag('a')]))).rejects.toMatchObject({ code: 'busy' });
    expect([node.commits, node.conflicts]).toEqual([0, 20]);
  });
});

describe('commits through one node', () => {
  it('commits through one node are done in the order in which they were asked for, without conflicts', async () => {
    const node = await startNode();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => node.committer.commit(request([flag(`k${i}`)]))),
    );
    expectChain(answers);
    const versions = answers.map(({ version }) => BigInt(version));
    expect(versions).toEqual(versions.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(node.conflicts).toBe(0);
  });

  it('commits through one node of different environments do not wait for one another', async () => {
    await createEnvironment(slow.direct, 8n);
    const node = await startNode();
    const gate = slow.hold('commit', 'before');
    const waiting = node.committer.commit(request([flag('a')]));
    await gate.reached;
    await node.committer.commit({ ...request([flag('b')]), environment: 8n });
    gate.open();
    await waiting;
  });

  it('commits through one node go on after one that failed', async () => {
    const node = await startNode();
    const failing = node.committer.commit(request([flag('')]));
    const next = node.committer.commit(request([flag('a')]));
    await expect(failing).rejects.toMatchObject({ code: 'key_empty' });
    expect((await next).previous).toBe('0');
  });

  it('commits through one node that change nothing are answered and not counted', async () => {
    const node = await startNode();
    const first = await node.committer.commit(request([flag('a')]));
    const { id } = first.configs[0]!;
    const again = await node.committer.commit(request([{ ...flag('a'), id }]));
    expect(again).toEqual({
      previous: first.version,
      version: first.version,
      configs: first.configs,
      unchanged: true,
    });
    expect(node.commits).toBe(1);
  });
});

describe('a request with an idempotency key', () => {
  it('a request with an idempotency key is committed once, and answered alike each time', async () => {
    const node = await startNode();
    const once = request([flag('a')], { idempotency: idempotency() });
    const first = await node.committer.commit(once);
    expect(await node.committer.commit(once)).toEqual(first);
    expect(node.commits).toBe(1);
  });

  it('a request with an idempotency key is answered by a node that does not have the environment, which asks for nothing else', async () => {
    const [a, b] = [await startNode(slow.direct), await startNode()];
    const once = request([flag('a')], { idempotency: idempotency() });
    const first = await a.committer.commit(once);
    expect(await b.committer.commit(once)).toEqual(first);
    const { repeated, time = 0, read = 0 } = slow.calls;
    expect({ repeated, time, read }).toEqual({ repeated: 1, time: 0, read: 0 });
  });

  it('a request with an idempotency key is refused when the key was used for another request', async () => {
    const node = await startNode();
    await node.committer.commit(request([flag('a')], { idempotency: idempotency() }));
    const other = request([flag('b')], { idempotency: idempotency('other') });
    await expect(node.committer.commit(other)).rejects.toMatchObject({
      code: 'idempotency_mismatch',
      field: 'Idempotency-Key',
    });
  });

  it('a request with an idempotency key that two nodes get at the same time is committed by one, and both answer alike', async () => {
    const [a, b] = [await startNode(), await startNode(slow.direct)];
    const once = request([flag('a')], { idempotency: idempotency() });
    const gate = slow.hold('commit', 'before');
    const late = a.committer.commit(once);
    await gate.reached;
    const first = await b.committer.commit(once);
    gate.open();
    expect(await late).toEqual(first);
    expect([a.commits, b.commits]).toEqual([0, 1]);
  });

  it.each<[string, (version: bigint) => Partial<CommitRequest> & { config: Config }]>([
    ['with If-Match', () => ({ config: flag('a'), ifVersion: 0n })],
    ['with an id', (version) => ({ config: { ...flag('a'), id: `${version + 1_000_000_000_000_000n}` } })],
  ])('%s does not stand in its own way when another node has just committed it', async (_, make) => {
    const [a, b] = [await startNode(), await startNode(slow.direct)];
    const { config, ...more } = make(await slow.direct.time());
    const once = request([config], { ...more, idempotency: idempotency() });
    const gate = slow.hold('repeated', 'after');
    const late = a.committer.commit(once);
    await gate.reached; // it has seen no earlier request
    const first = await b.committer.commit(once);
    await commitConfigs(slow.direct, ENV, { ...flag('a', false) });
    gate.open();
    expect(await late).toEqual(first);
    expect([a.commits, b.commits]).toEqual([0, 1]);
  });
});

describe('what cannot be committed', () => {
  it('what cannot be committed is a change of an environment that does not exist', async () => {
    const node = await startNode();
    const unknown = { ...request([flag('a')]), environment: 99n };
    await expect(node.committer.commit(unknown)).rejects.toMatchObject({ code: 'environment_unknown' });
  });

  it.each([['version'], ['time'], ['commit'], ['repeated']] as const)(
    'what cannot be committed is anything while the store is unavailable (%s), and the next goes through when it is back',
    async (call) => {
      const node = await startNode();
      await node.replica.ruleset(ENV);
      slow.away([call], true);
      const once = request([flag('a')], { idempotency: idempotency() });
      await expect(node.committer.commit(once)).rejects.toMatchObject({ code: 'store_unavailable' });
      slow.away([call], false);
      await node.committer.commit(once);
      expect(await storedKeys()).toEqual(['a']);
    },
  );
});

describe('an environment', () => {
  it('an environment is created once, whichever node is asked', async () => {
    const [a, b] = [await startNode(), await startNode(slow.direct)];
    const gate = slow.hold('commit', 'before');
    const late = a.committer.putEnvironment({ ...settings(8n), name: 'late' }, TESTER);
    await gate.reached;
    expect((await b.committer.putEnvironment(settings(8n), TESTER)).created).toBe(true);
    gate.open();
    expect(await late).toMatchObject({ created: false, environment: { name: 'late', version: 0n } });
  });

  it('an environment is changed on top of a change that another node has just made', async () => {
    const node = await startNode();
    await node.replica.ruleset(ENV);
    const gate = slow.hold('commit', 'before');
    const late = node.committer.putEnvironment({ ...settings(ENV), name: 'new' }, TESTER);
    await gate.reached;
    const { version } = await commitConfigs(slow.direct, ENV, flag('a'));
    gate.open();
    expect((await late).environment).toMatchObject({ version, live: 1, name: 'new' });
    await until('the replica to have it', () => node.replica.loaded(ENV)?.version === version);
  });

  it('an environment whose default context another node sets while it is renamed is planned again', async () => {
    const [a, b] = [await startNode(), await startNode(slow.direct)];
    await a.replica.ruleset(ENV);
    const gate = slow.hold('environment', 'before');
    const ours = { ...settings(ENV), name: 'new' };
    const late = a.committer.putEnvironment(ours, TESTER);
    await gate.reached;
    const theirs = { ...settings(ENV), defaultContext: CONTEXT };
    const { version } = (await b.committer.putEnvironment(theirs, TESTER)).environment;
    await until('the change at the first node', () => a.replica.loaded(ENV)?.version === version);
    gate.open();
    await late;
    const stored = await slow.direct.read(ENV);
    expect(Buffer.compare(a.replica.loaded(ENV)!.envelope, encodeEnvelope(stored!))).toBe(0);
  });

  it('an environment is renamed at the version that is answered, whatever another node commits right after', async () => {
    const [a, b] = [await startNode(), await startNode(slow.direct)];
    await a.replica.ruleset(ENV);
    const gate = slow.hold('commit', 'after');
    const renaming = a.committer.putEnvironment({ ...settings(ENV), name: 'new' }, TESTER);
    await gate.reached;
    const { version } = await b.committer.commit(request([flag('theirs')]));
    await until('the change at the first node', () => `${a.replica.loaded(ENV)?.version}` === version);
    gate.open();
    expect((await renaming).environment).toMatchObject({ version: 0n, live: 0 });
  });
});
