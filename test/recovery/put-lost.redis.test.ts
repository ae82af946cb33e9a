/** Settings of an environment that a real Redis lost. */
import { afterEach, expect, it } from 'vitest';
import { Committer } from '../../src/commit/committer.js';
import { issueKey } from '../../src/keys/issue-key.js';
import { heal } from '../../src/recovery/heal.js';
import { Replica } from '../../src/replica/replica.js';
import { names } from '../../src/store/redis/names.js';
import type { Store } from '../../src/store/store.js';
import { silent } from '../store/fixtures.js';
import { commitConfigs, settings, TESTER } from '../support/commits.js';
import { flag } from '../support/configs.js';
import { sharedInbox } from '../support/shared.js';
import { until } from '../support/until.js';

const stack = sharedInbox();

const stopping: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stopping.splice(0)) await stop();
});

async function startNode(store: Store): Promise<{ replica: Replica; committer: Committer }> {
  const replica = new Replica({ store, log: silent, heal: (lost) => heal({ store, log: silent }, lost) });
  await replica.start();
  stopping.push(() => replica.stop());
  return { replica, committer: new Committer({ store, replica }) };
}

async function lose(environment: bigint): Promise<void> {
  const { raw } = stack;
  await raw.del(names.environment(environment), names.configs(environment), names.history(environment));
  await raw.srem(names.environments, `${environment}`);
}

it('settings of an environment that Redis lost are refused with the remedy by a node that has it, and created elsewhere as one that was lost', async () => {
  const store = await stack.open();
  const { key } = issueKey((await store.environment(1n))!, 'server', 'k', 0);
  await store.addKey(key);
  await commitConfigs(store, 1n, flag('kept', true));
  const having = await startNode(store);
  await having.replica.ruleset(1n);
  await lose(1n);
  const other = await startNode(await stack.open());

  await expect(having.committer.putEnvironment(settings(1n), TESTER)).rejects.toMatchObject({
    code: 'store_unavailable',
    message: expect.stringMatching(/the store lost data; holdfast restore/) as string,
  });
  const put = await other.committer.putEnvironment(settings(1n), TESTER);
  expect(put).toMatchObject({ created: true, wasLost: true, environment: { version: 0n, live: 0 } });
  await until('the node that has its configs commits them again', async () => {
    await having.replica.confirmed(1n);
    return (await store.environment(1n))?.live === 1;
  });
});

it('settings of a new environment, and of one that is there, are not of one that was lost', async () => {
  const { committer } = await startNode(await stack.open());
  const created = await committer.putEnvironment(settings(7n), TESTER);
  expect(created).toMatchObject({ created: true, wasLost: false });
  const changed = await committer.putEnvironment({ ...settings(7n), name: 'other' }, TESTER);
  expect(changed).toMatchObject({ created: false, wasLost: false });
});
