/** The last look before a change is made: what differs, what it does to samples, and why it is made. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { commitConfig, type ConfigChange, type Preview } from '../commit.js';
import { offerUndo } from '../flags/use-toggle.js';
import { Dialog } from '../parts/dialog.js';
import { DifferenceLines } from '../parts/difference-lines.js';
import { sentenceOf } from '../parts/sentence.js';
import { rulesetQuery, type KeyedConfig, type Ruleset } from '../queries.js';
import { Effects } from './effects.js';

interface ReviewProps {
  readonly change: ConfigChange;
  readonly preview: Preview;
  readonly ruleset: Ruleset;
  readonly onClose: () => void;
  /** Called with the config as it was written. */
  readonly onSaved: (config: KeyedConfig) => void;
}

/** Draws the dialog, and makes the change. */
export function Review({ change, preview, ruleset, onClose, onSaved }: ReviewProps) {
  const [message, setMessage] = useState('');
  const save = useSave({ change, ruleset, onClose, onSaved });
  return (
    <Dialog title="Review the change" onClose={onClose}>
      <div className="review">
        {preview.unchanged === true ? (
          <p className="muted">Nothing differs from what there is.</p>
        ) : (
          <DifferenceLines configs={preview.configs} />
        )}
        <Effects change={change} />
        <label className="field">
          <span>Why? (for the history)</span>
          <input value={message} maxLength={500} onChange={({ target }) => setMessage(target.value)} />
        </label>
        {save.error !== null && (
          <p className="notice notice-failed" role="alert">
            {sentenceOf(save.error)}
          </p>
        )}
      </div>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Back to editing
        </button>
        <button
          type="button"
          className="button button-primary"
          disabled={save.isPending || preview.unchanged === true}
          onClick={() => save.mutate(message)}
        >
          {save.isPending ? 'Saving …' : 'Save'}
        </button>
      </div>
    </Dialog>
  );
}

function useSave({ change, ruleset, onClose, onSaved }: Omit<ReviewProps, 'preview'>) {
  const queries = useQueryClient();
  const { environment, config } = change;
  return useMutation({
    mutationFn: (message: string) => commitConfig({ ...change, message }, ruleset),
    onSuccess: async (outcome) => {
      // A conflict shows when the list is read again: the editor compares ids.
      await queries.invalidateQueries(rulesetQuery(environment));
      onClose();
      if (outcome.kind === 'conflict') return;
      offerUndo(queries, environment, outcome.committed.version, `${config.key ?? ''} was saved.`);
      const read = queries.getQueryData(rulesetQuery(environment).queryKey);
      const written = read?.configs.find(({ key }) => key === config.key);
      if (written !== undefined) onSaved(written);
    },
  });
}
