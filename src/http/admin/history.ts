/** The routes of history, rollbacks and promotions. [protocol] #history */
import { z } from 'zod';
import type { CommitAnswer } from '../../commit/committer.js';
import { promotedSteps } from '../../commit/promote.js';
import { revise, type Revision } from '../../commit/revise.js';
import { rollbackConfigs, type RollbackTarget } from '../../commit/rollback.js';
import { confirmedRuleset } from '../../commit/confirmed.js';
import { HoldfastError } from '../../core/errors.js';
import { runInTurns } from '../../core/steps.js';
import { decodeContextSet } from '../../ruleset/codec.js';
import {
  historyPlaceText,
  parseHistoryPlace,
  type HistoryEntry,
  type HistoryPlace,
  type HistorySettings,
} from '../../store/history.js';
import { attribution, messageField } from './attribution.js';
import { changeAnswer, ifMatchHeader } from './changes.js';
import { differenceAnswer, differencesJson, previewAnswer, previewJson } from './differences.js';
import { resolveEnvironment } from './environment-name.js';
import { findEnvironment } from './environments.js';
import { countParameter, environmentField, idField, idText, timeText } from './input.js';
import { adminRoute } from './route.js';

const PAGE_DEFAULT = 20;
const PAGE_MAX = 100;

/** The configs of each change that a list shows. */
const LISTED_CONFIGS = 20;

const PLACE_RULE = 'must be a version, or the next of a page, such as 1795296829229006-1';

const place = z.string().transform((text, context): HistoryPlace => {
  const read = parseHistoryPlace(text);
  if (read !== undefined) return read;
  context.issues.push({ code: 'custom', message: PLACE_RULE, input: text });
  return z.NEVER;
});

const settingsAnswer = z.object({
  projectId: idText,
  name: z.string(),
  defaultContext: z.unknown().optional(),
});

const entryAnswer = z
  .object({
    id: z.string().meta({ description: 'Its place in the history.' }),
    version: idText,
    previous: idText,
    at: timeText,
    author: z.string(),
    message: z.string().optional(),
    source: z.enum(['http', 'inbox', 'restore', 'rollback', 'promote', 'settings']),
    configs: z.array(differenceAnswer),
    more: z.int().optional().meta({ description: 'Changed configs that are not shown.' }),
    isTooLarge: z.literal(true).optional().meta({ description: 'It was kept without its configs.' }),
    settings: z.object({ before: settingsAnswer.optional(), after: settingsAnswer }).optional(),
  })
  .meta({ id: 'HistoryEntry' });

const keysField = z.array(z.string()).min(1, 'must have at least one key').max(10_000).optional();
const dryRunField = z
  .boolean('must be true or false')
  .default(false)
  .meta({ description: 'Answers with the differences, and commits nothing.' });

const rollbackBody = z.strictObject({
  to: idField.optional().meta({ description: 'Take back everything after this version.' }),
  keys: keysField.meta({ description: 'With `to`: of these configs only.' }),
  undo: idField.optional().meta({ description: 'Take back the one change to this version.' }),
  message: messageField,
  dryRun: dryRunField,
});

const promoteBody = z.strictObject({
  from: environmentField.meta({ description: 'The environment whose configs are promoted.' }),
  keys: keysField.meta({ description: 'These configs, and the segments that they need. Default: all.' }),
  deletions: z
    .boolean('must be true or false')
    .default(false)
    .meta({ description: 'Delete what the source has not.' }),
  message: messageField,
  dryRun: dryRunField,
});

const revisionErrors = ['version_mismatch', 'busy', 'segment_missing'] as const;

/** The routes of history, rollbacks and promotions. */
export const HISTORY_ROUTES = [
  adminRoute({
    method: 'GET',
    path: '/environments/:id/history',
    operation: 'listHistory',
    role: 'viewer',
    scope: 'environment',
    summary: 'Lists changes, the newest first',
    query: z.object({
      key: z.string().optional().meta({ description: 'Changes of this config only.' }),
      author: z.string().optional().meta({ description: 'Changes of this author only.' }),
      before: place.optional().meta({ description: 'Changes before this place: `next` of a page.' }),
      limit: countParameter(PAGE_DEFAULT, PAGE_MAX),
    }),
    answers: {
      200: z.object({
        changes: z.array(entryAnswer),
        next: z.string().optional().meta({ description: 'Where the next page begins. There may be one.' }),
      }),
    },
    handle: async ({ environment, query }, response, { store }) => {
      await findEnvironment(store, environment);
      const { entries, next } = await store.history(environment, query);
      const changes = [];
      for (const entry of entries) changes.push(await entryJson(entry, LISTED_CONFIGS));
      response.json({ changes, ...(next === undefined ? {} : { next: historyPlaceText(next) }) });
    },
  }),
  adminRoute({
    method: 'GET',
    path: '/environments/:id/history/:place',
    operation: 'getChange',
    role: 'viewer',
    scope: 'environment',
    summary: 'Reads one change by its version',
    params: z.object({ place }),
    answers: { 200: entryAnswer },
    errors: ['not_found'],
    handle: async ({ environment, params: { place: at } }, response, { store }) => {
      await findEnvironment(store, environment);
      const before = { version: at.version, step: at.step + 1 };
      const { entries } = await store.history(environment, { before, limit: 1 });
      const [entry] = entries;
      if (entry?.version !== at.version || entry.step !== at.step) {
        throw new HoldfastError(
          'not_found',
          `the history of environment ${environment} has no change to version ${at.version}: list it to see the changes that it has`,
        );
      }
      response.json(await entryJson(entry));
    },
  }),
  adminRoute({
    method: 'POST',
    path: '/environments/:id/rollback',
    operation: 'rollback',
    role: 'editor',
    scope: 'environment',
    summary: 'Takes changes of configs back, as a new change',
    headers: z.object({ 'If-Match': ifMatchHeader }),
    body: rollbackBody,
    answers: { 200: z.union([changeAnswer, previewAnswer]) },
    answerHeaders: { ETag: 'The version afterwards, in quotes.' },
    errors: [...revisionErrors, 'history_missing', 'rollback_conflict'],
    handle: async ({ operator, environment, headers, body, note }, response, parts) => {
      const target = targetOf(body);
      const revision = await revise(parts, {
        environment,
        by: attribution(operator, 'rollback', body.message),
        ifVersion: headers['If-Match'],
        dryRun: body.dryRun,
        isTrusted: true,
        configs: (ruleset) => rollbackConfigs(parts.store, ruleset, target),
      });
      note({ details: { version: versionOf(revision) } });
      response.set('ETag', `"${versionOf(revision)}"`).json(await revisionJson(revision));
    },
  }),
  adminRoute({
    method: 'POST',
    path: '/environments/:id/promote',
    operation: 'promote',
    role: 'editor',
    // What a viewer may read of both environments says as much.
    dryRunRole: 'viewer',
    scope: 'environment',
    summary: 'Copies configs from another environment, with the segments that they need',
    headers: z.object({ 'If-Match': ifMatchHeader }),
    body: promoteBody,
    answers: { 200: z.union([changeAnswer, previewAnswer]) },
    answerHeaders: { ETag: 'The version afterwards, in quotes.' },
    errors: [...revisionErrors, 'config_too_large'],
    handle: async ({ operator, environment, headers, body, note }, response, parts) => {
      const { keys, deletions } = body;
      const from = await resolveEnvironment(body.from, operator, parts.store, 'from');
      if (from === environment) {
        throw new HoldfastError('field_invalid', 'from is the environment itself: give another', {
          field: 'from',
        });
      }
      const source = await confirmedRuleset(parts, from);
      const revision = await revise(parts, {
        environment,
        by: attribution(operator, 'promote', body.message),
        ifVersion: headers['If-Match'],
        dryRun: body.dryRun,
        isTrusted: false,
        configs: (ruleset) => runInTurns(promotedSteps(source, ruleset, { keys, deletions })),
      });
      note({ details: { from: `${from}`, version: versionOf(revision) } });
      response.set('ETag', `"${versionOf(revision)}"`).json(await revisionJson(revision));
    },
  }),
];

function targetOf({ to, keys, undo }: z.output<typeof rollbackBody>): RollbackTarget {
  if (to !== undefined && undo === undefined) return { kind: 'to', version: to, keys };
  if (undo !== undefined && to === undefined && keys === undefined) return { kind: 'undo', version: undo };
  throw new HoldfastError(
    'field_invalid',
    'to must be given, with keys or without, or undo alone: {"to": VERSION}, {"to": VERSION, "keys": [KEY]} or {"undo": VERSION}',
    { field: 'to' },
  );
}

function versionOf(revision: Revision): string {
  return revision.kind === 'committed' ? revision.answer.version : `${revision.preview.version}`;
}

async function revisionJson(
  revision: Revision,
): Promise<CommitAnswer | Awaited<ReturnType<typeof previewJson>>> {
  return revision.kind === 'committed' ? revision.answer : previewJson(revision.preview);
}

async function entryJson(entry: HistoryEntry, most?: number): Promise<z.input<typeof entryAnswer>> {
  const { version, previous, at, by, configs, settings } = entry;
  const shown = configs && (await differencesJson(configs.before, configs.after, most));
  return {
    id: historyPlaceText(entry),
    version: `${version}`,
    previous: `${previous}`,
    at: new Date(Number(at / 1000n)).toISOString(),
    author: by.author,
    ...(by.message === undefined ? {} : { message: by.message }),
    source: by.source,
    ...(shown ?? { configs: [], isTooLarge: true as const }),
    ...(settings === undefined
      ? {}
      : {
          settings: {
            ...(settings.before === undefined ? {} : { before: settingsJson(settings.before) }),
            after: settingsJson(settings.after),
          },
        }),
  };
}

function settingsJson({ projectId, name, defaultContext }: HistorySettings): z.input<typeof settingsAnswer> {
  return {
    projectId: `${projectId}`,
    name,
    ...(defaultContext === undefined ? {} : { defaultContext: decodeContextSet(defaultContext) }),
  };
}
