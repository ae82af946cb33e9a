/** Revoking an API key: its name is typed, and the streams that end are counted before. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { admin, type AdminSchemas } from '../api.js';
import { streamsInWords, streamsOf } from '../model/streams.js';
import { ConfirmByTyping } from '../parts/dialog.js';
import { sentenceOf } from '../parts/sentence.js';
import { fleetQuery, keysQuery } from '../queries.js';
import { showToast } from '../shell/toasts.js';

/** Draws the dialog. */
export function RevokeKey(props: { readonly apiKey: AdminSchemas['Key']; readonly onClose: () => void }) {
  const { apiKey, onClose } = props;
  const { id, name, environment } = apiKey;
  const called = name.trim() === '' ? id : name;
  const queries = useQueryClient();
  const { data: fleet, error } = useQuery({ ...fleetQuery(environment), staleTime: 0 });
  const { mutate } = useMutation({
    mutationFn: () => admin.delete('/admin/v1/keys/{id}', { params: { path: { id } } }),
    onSettled: onClose,
    onSuccess: async () => {
      showToast({ tone: 'done', text: `${called} was revoked.` });
      await queries.invalidateQueries(keysQuery(environment));
      await queries.invalidateQueries(fleetQuery(environment));
    },
    onError: (failure) => showToast({ tone: 'failed', text: sentenceOf(failure) }),
  });
  return (
    <ConfirmByTyping
      title="Revoke this key?"
      word={called}
      action="Revoke"
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      <p>
        Whatever uses it is refused within a moment, and keeps the values that it has. This cannot be taken
        back: a new key is another key.
      </p>
      <p>
        <strong>
          {error === null
            ? streamsInWords(fleet === undefined ? undefined : streamsOf(fleet, id))
            : 'Its open streams cannot be counted now; all of them are closed.'}
        </strong>
      </p>
    </ConfirmByTyping>
  );
}
