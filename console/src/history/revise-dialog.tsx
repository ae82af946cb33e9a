/** The last look before a rollback or a promotion: the dry run, why, and for what is destructive a word. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { offerUndo } from '../flags/use-toggle.js';
import { Dialog, WordField } from '../parts/dialog.js';
import { DifferenceLines } from '../parts/difference-lines.js';
import { sentenceOf } from '../parts/sentence.js';
import { rulesetQuery } from '../queries.js';
import { makeRevision, previewRevision, type Revision, type RevisionPreview } from '../revisions.js';

interface ReviseProps {
  readonly environment: string;
  readonly revision: Revision;
  readonly title: string;
  /** The label of the button. */
  readonly action: string;
  /** The text to type before; `undefined`: none. */
  readonly word?: string;
  /** The sentence when it is done. */
  readonly done: string;
  readonly onClose: () => void;
}

/** Draws the dialog, and makes the revision. */
export function ReviseDialog(props: ReviseProps) {
  const { environment, revision, title, action, word, onClose } = props;
  const [message, setMessage] = useState('');
  const [typed, setTyped] = useState('');
  const { data: preview, error } = useQuery({
    queryKey: ['revision', environment, revision],
    queryFn: ({ signal }) => previewRevision(environment, revision, signal),
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const make = useRevision(props, preview);
  const isReady =
    preview !== undefined && preview.unchanged !== true && (word === undefined || typed === word);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (isReady && !make.isPending) make.mutate(message);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <PreviewText preview={preview} error={error ?? make.error} />
        <label className="field">
          <span>Why? (for the history)</span>
          <input value={message} maxLength={500} onChange={({ target }) => setMessage(target.value)} />
        </label>
        {word !== undefined && <WordField word={word} typed={typed} onType={setTyped} />}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className={word === undefined ? 'button button-primary' : 'button button-danger'}
            disabled={!isReady || make.isPending}
          >
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function useRevision(props: ReviseProps, preview: RevisionPreview | undefined) {
  const { environment, revision, done, onClose } = props;
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (message: string) => {
      if (preview === undefined) throw new Error('it was not shown yet; wait a moment');
      return makeRevision(environment, revision, preview, message);
    },
    onSuccess: async ({ version }) => {
      onClose();
      offerUndo(queries, environment, version, done);
      await queries.invalidateQueries(rulesetQuery(environment));
      await queries.invalidateQueries({ queryKey: ['history', environment] });
    },
  });
}

function PreviewText(props: { readonly preview: RevisionPreview | undefined; readonly error: Error | null }) {
  const { preview, error } = props;
  return (
    <div className="review">
      {error !== null && (
        <p className="notice notice-failed" role="alert">
          {sentenceOf(error)}
        </p>
      )}
      {preview === undefined && error === null && <p className="loading">Asking what it would do …</p>}
      {preview?.unchanged === true && <p className="muted">Nothing differs from what there is.</p>}
      {preview !== undefined && <DifferenceLines configs={preview.configs} />}
      {preview?.more !== undefined && <p className="muted">and {preview.more} more configs</p>}
    </div>
  );
}
