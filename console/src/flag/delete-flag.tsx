/** Deleting a flag: its key is typed, and the change can be taken back. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { commitConfig } from '../commit.js';
import { offerUndo } from '../flags/use-toggle.js';
import { ConfirmByTyping } from '../parts/dialog.js';
import { sentenceOf } from '../parts/sentence.js';
import { rulesetQuery, type KeyedConfig } from '../queries.js';
import { showToast } from '../shell/toasts.js';

/** Draws the button, and the dialog that asks. */
export function DeleteFlag(props: { readonly environment: string; readonly config: KeyedConfig }) {
  const { environment, config } = props;
  const [isAsking, setAsking] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { key, id } = config;
  const { mutate } = useMutation({
    mutationFn: () => commitConfig({ environment, config: { key, configType: 'DELETED' }, expectedId: id }),
    onSettled: () => setAsking(false),
    onSuccess: async (outcome) => {
      if (outcome.kind === 'conflict') {
        showToast({
          tone: 'failed',
          text: `${key} was changed by someone else in the meantime. Nothing was deleted.`,
        });
        await queries.invalidateQueries(rulesetQuery(environment));
        return;
      }
      await navigate({ to: '/e/$environment/flags', params: { environment }, ignoreBlocker: true });
      await queries.invalidateQueries(rulesetQuery(environment));
      offerUndo(queries, environment, outcome.committed.version, `${key} was deleted.`);
    },
    onError: (error) => showToast({ tone: 'failed', text: sentenceOf(error) }),
  });
  return (
    <>
      <button type="button" className="button button-danger button-small" onClick={() => setAsking(true)}>
        Delete
      </button>
      {isAsking && (
        <ConfirmByTyping
          title="Delete this flag?"
          word={key}
          action="Delete"
          onConfirm={() => mutate()}
          onClose={() => setAsking(false)}
        >
          <p>
            Clients that ask for it get their own default from then on. The history keeps it, so the deletion
            can be taken back.
          </p>
        </ConfirmByTyping>
      )}
    </>
  );
}
