/** One click that sets a flag without rules, and the way back. */
import { useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import type { Config } from '../../../src/ruleset/model.js';
import { commitConfig, undoChange } from '../commit.js';
import { readDraft, writeDraft } from '../model/draft.js';
import { sentenceOf } from '../parts/sentence.js';
import { rulesetQuery } from '../queries.js';
import { showToast } from '../shell/toasts.js';

/** The switches of a list. One for all rows: rows come and go while the list scrolls. */
export interface Toggles {
  /** Sets a flag. It does not change. */
  readonly toggle: (config: Config, isOn: boolean) => void;
  /** The keys of flags that are being set. */
  readonly pending: ReadonlySet<string>;
}

/** Provides the switches of an environment's flags. */
export function useToggles(environment: string): Toggles {
  const queries = useQueryClient();
  const [pending, setPending] = useState<ReadonlySet<string>>(new Set());
  const { mutate } = useMutation({
    mutationFn: ({ config, isOn }: { readonly config: Config; readonly isOn: boolean }) => {
      const draft = { ...readDraft(config, environment), otherwise: { value: { bool: isOn } } };
      const changed = writeDraft(config, environment, draft);
      const known = queries.getQueryData(rulesetQuery(environment).queryKey);
      return commitConfig({ environment, config: changed, expectedId: config.id }, known);
    },
    onSuccess: async (outcome, { config, isOn }) => {
      await queries.invalidateQueries(rulesetQuery(environment));
      const key = config.key ?? '';
      if (outcome.kind === 'conflict') {
        const text = `${key} was changed by someone else in the meantime; the list now shows that. Nothing was written.`;
        showToast({ tone: 'failed', text });
        return;
      }
      offerUndo(queries, environment, outcome.committed.version, `${key} is ${isOn ? 'on' : 'off'}.`);
    },
    onError: (error) => showToast({ tone: 'failed', text: sentenceOf(error) }),
    onMutate: ({ config: { key = '' } }) => setPending((before) => new Set(before).add(key)),
    onSettled: (_outcome, _error, { config: { key = '' } }) =>
      setPending((before) => new Set([...before].filter((each) => each !== key))),
  });
  const toggle = useCallback((config: Config, isOn: boolean) => mutate({ config, isOn }), [mutate]);
  return { toggle, pending };
}

/** Shows that a change was made, with a button that takes it back. */
export function offerUndo(queries: QueryClient, environment: string, version: string, text: string): void {
  const undo = async (): Promise<void> => {
    try {
      await undoChange(environment, version);
      await queries.invalidateQueries(rulesetQuery(environment));
      await queries.invalidateQueries({ queryKey: ['history', environment] });
      showToast({ tone: 'done', text: 'The change was taken back.' });
    } catch (error) {
      showToast({ tone: 'failed', text: `Not taken back: ${sentenceOf(error)}` });
    }
  };
  showToast({ tone: 'done', text, action: { label: 'Undo', run: () => void undo() } });
}
