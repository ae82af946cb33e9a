/** Reads the histories that commits leave in Redis. */
import { runInTurns, type Steps } from '../../core/steps.js';
import {
  HISTORY_SCAN,
  ownedConfigSteps,
  historyPlaceText,
  matchesHistory,
  parseHistoryPlace,
  type ChangeSource,
  type HistoryConfigs,
  type HistoryEntry,
  type HistoryPage,
  type HistoryQuery,
  type HistorySettings,
} from '../history.js';
import { fieldOf, integerOf, replyList, replyPairs, replyText, type Reply } from './codec.js';
import { damage, undamaged } from './damage.js';
import type { Commands } from './commands.js';
import { HISTORY } from './commit-script.js';
import { names } from './names.js';

/** Reads a page of the history of an environment; see `Store.history`. */
export async function readRedisHistory(
  commands: Commands,
  environment: bigint,
  query: HistoryQuery,
): Promise<HistoryPage> {
  const { before, limit, key, author } = query;
  const reply = await commands.read({
    lua: HISTORY,
    keys: [names.history(environment)],
    args: [
      before === undefined ? '+' : `(${historyPlaceText(before)}`,
      limit,
      HISTORY_SCAN.entries,
      HISTORY_SCAN.bytes,
      author === undefined ? '' : '1',
      author ?? '',
      key === undefined ? '' : '1',
      key ?? '',
    ],
  });
  const [found, more, last] = replyList(reply);
  const entries = await runInTurns(storedHistory(environment, replyList(found)));
  const next = replyText(more) === '' ? undefined : parseHistoryPlace(replyText(last));
  return {
    entries: entries.filter((entry) => matchesHistory(entry, query)),
    ...(next === undefined ? {} : { next }),
  };
}

function* storedHistory(environment: bigint, replies: readonly Reply[]): Steps<HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for (const reply of replies) {
    entries.push(yield* storedHistoryEntry(environment, reply));
    yield;
  }
  return entries;
}

/** @throws HoldfastError `store_damaged` */
function* storedHistoryEntry(environment: bigint, reply: Reply): Steps<HistoryEntry> {
  const [id, values] = replyList(reply);
  const place = parseHistoryPlace(replyText(id));
  const fields = replyPairs(values);
  const name = `an entry of the history of environment ${environment} (${replyText(id)} of the stream ${names.history(environment)})`;
  const entry = undamaged(name, () => {
    if (place === undefined) throw new Error(`${replyText(id)} is no place`);
    const message = fieldOf(fields, 'message').toString();
    return {
      ...place,
      previous: integerOf(fields, 'previous'),
      at: integerOf(fields, 'at'),
      by: {
        author: fieldOf(fields, 'author').toString(),
        ...(message === '' ? {} : { message }),
        source: fieldOf(fields, 'source').toString() as ChangeSource,
      },
    };
  });
  const [settings, before] = undamaged(name, () => [
    historySettings(fields, ''),
    historySettings(fields, '-before'),
  ]);
  const configs = yield* historyConfigs(name, fields);
  return {
    ...entry,
    ...(configs === undefined ? {} : { configs }),
    ...(settings === undefined
      ? {}
      : { settings: { ...(before === undefined ? {} : { before }), after: settings } }),
  };
}

function* historyConfigs(
  name: string,
  fields: ReadonlyMap<string, Buffer>,
): Steps<HistoryConfigs | undefined> {
  const [before, after] = [fields.get('before'), fields.get('after')];
  if (before === undefined || after === undefined) return undefined;
  try {
    return { before: yield* ownedConfigSteps(before), after: yield* ownedConfigSteps(after) };
  } catch (error) {
    throw damage(name, error);
  }
}

function historySettings(
  fields: ReadonlyMap<string, Buffer>,
  suffix: '' | '-before',
): HistorySettings | undefined {
  const project = fields.get(`project${suffix}`)?.toString();
  if (project === undefined) return undefined;
  const defaultContext = fields.get(`context${suffix}`);
  return {
    projectId: BigInt(project),
    name: fields.get(`name${suffix}`)?.toString() ?? '',
    ...(defaultContext === undefined ? {} : { defaultContext: new Uint8Array(defaultContext) }),
  };
}
