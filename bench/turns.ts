/**
 * The longest turn of the event loop while a node answers for a large environment: the node is in
 * this process, so that its turns can be measured. The client only counts bytes.
 */
import { request as open } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  ADMIN_TOKEN,
  basic,
  sign,
  startApp,
  type TestApp,
  type TestEnvironment,
} from '../test/support/app.js';
import { CHANGE_MAX_BYTES } from '../src/commit/limits.js';
import type { Config } from '../src/ruleset/model.js';
import { segment } from '../test/ruleset/arbitrary.js';
import { deletion, flag } from '../test/support/configs.js';
import { measureTurns } from '../test/support/turns.js';
import { healingWork } from './healing.js';

/** Configs of one change: below 1 MiB. */
const BATCH = 2_500;

/** The users of the segment that is changed and deleted: as many as a change of 1 MiB can delete. */
const SEGMENT_USERS = 16_000;

/** The configs that the store lost, of which half can no longer be committed. */
const LOST = 20_000;

/** A kind of request, and the turns of the node while it was answered. */
export interface TurnResult {
  readonly name: string;
  /** Milliseconds from the request to the last byte. */
  readonly took: number;
  /** Milliseconds of processor time of the longest turn. */
  readonly processor: number;
  /**
   * Milliseconds of the longest delay of the event loop, which also has what else runs on the
   * machine.
   */
  readonly delay: number;
}

/** Measures each kind of request for an environment of that many configs. */
export async function measureLongTurns(configs: number): Promise<readonly TurnResult[]> {
  const app = await startApp();
  try {
    const environment = await app.environment();
    for (let from = 0; from < configs; from += BATCH) {
      const keys = Array.from({ length: Math.min(BATCH, configs - from) }, (_, i) => `flag.${from + i}`);
      await environment.commit(...keys.map((key) => flag(key, true)));
    }
    const segments = await app.environment();
    await commitSegment(segments, SEGMENT_USERS);
    const asks = { ...requestsOf(app, environment), ...segmentRequestsOf(app, segments.id) };
    const results: TurnResult[] = [];
    for (const [name, ask] of Object.entries(asks)) results.push(await measure(name, ask));
    results.push(await measure('plan of healing 20,000 lost configs', healingWork(LOST)));
    return results;
  } finally {
    await app.close();
  }
}

type Ask = () => Promise<unknown>;

function requestsOf(app: TestApp, { id, key }: { id: string; key: string }): Record<string, Ask> {
  const byKey = { authorization: basic(key) };
  const ask = (path: string, headers: Record<string, string> = byKey, method = 'GET') =>
    count(app.url + path, headers, method);
  const none = encodeURIComponent(Buffer.from('{"contexts":[]}').toString('base64'));
  const json = () => ask('/api/v1/configs/0?format=json');
  const admin = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
  const list = () => ask(`/admin/v1/environments/${id}/configs`, admin);
  const flags = () => ask('/ofrep/v1/evaluate/flags', byKey, 'POST');
  const values = () => ask(`/api/v2/configs/eval-with-context/${none}`);
  const snapshot = () => ask('/api/v1/configs/0');
  const change = changeOf(CHANGE_MAX_BYTES);
  return {
    'commit of 1 MiB': () => count(`${app.url}/admin/v1/environments/${id}/changes`, admin, 'POST', change),
    'load from the store': () => app.replica.reload(BigInt(id)),
    snapshot,
    'JSON, first': json,
    'JSON, again': json,
    'list of administration': list,
    'subscription through a proxy': async () =>
      ask('/api/v1/sse/config', { ...byKey, 'grip-sig': await sign() }),
    'all flags by OFREP, first (compiles)': flags,
    'all flags by OFREP, again': flags,
    'eval-with-context, first': values,
    'eval-with-context, again': values,
    'two of each of these at the same time': () =>
      Promise.all([snapshot, json, list, flags, values].flatMap((each) => [each(), each()])),
  };
}

/** Commits a segment `s`, and flags `u0`, `u1`, … with a rule on it. */
async function commitSegment(environment: TestEnvironment, users: number): Promise<void> {
  await environment.commit(segment('s'));
  for (let from = 0; from < users; from += BATCH) {
    const count = Math.min(BATCH, users - from);
    await environment.commit(...Array.from({ length: count }, (_, i) => segment(`u${from + i}`, 's')));
  }
}

function segmentRequestsOf(app: TestApp, id: string): Record<string, Ask> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
  const commit = (status: number, ...configs: Config[]) =>
    count(
      `${app.url}/admin/v1/environments/${id}/changes`,
      headers,
      'POST',
      JSON.stringify({ configs }),
      status,
    );
  const users = Array.from({ length: SEGMENT_USERS }, (_, i) => deletion(`u${i}`));
  return {
    'change of a segment with 16,000 users': () => commit(200, segment('s')),
    'refused deletion of that segment': () => commit(400, deletion('s')),
    'deletion of it and its 16,000 users': () => commit(200, deletion('s'), ...users),
  };
}

async function measure(name: string, ask: Ask): Promise<TurnResult> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const began = performance.now();
  const { longestTurn } = await measureTurns(ask);
  const took = performance.now() - began;
  delay.disable();
  return { name, took, processor: longestTurn, delay: delay.max / 1e6 };
}

/** The JSON of a change of almost that many bytes: flags with a rule. */
function changeOf(bytes: number): string {
  const configs: string[] = [];
  for (let length = 100; ;) {
    const text = JSON.stringify({
      ...flag(`flag.in-a-large-change.${configs.length}`, true),
      id: undefined,
    });
    length += text.length + 1;
    if (length > bytes) return `{"configs":[${configs.join(',')}]}`;
    configs.push(text);
  }
}

function count(
  url: string,
  headers: Record<string, string>,
  method: string,
  body = '',
  status = 200,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = open(url, { headers, method }, (answer) => {
      let bytes = 0;
      answer.on('data', (part: Buffer) => (bytes += part.length)).on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode === status) resolve(bytes);
        else reject(new Error(`${method} ${url} was answered ${answer.statusCode}`));
      });
    });
    request.on('error', reject).end(body);
  });
}
