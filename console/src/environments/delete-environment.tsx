/** Deleting an environment: its name is typed, and what goes with it is said before. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { admin } from '../api.js';
import { streamsOf, streamsInWords } from '../model/streams.js';
import { ConfirmByTyping } from '../parts/dialog.js';
import { sentenceOf } from '../parts/sentence.js';
import { environmentsQuery, fleetQuery, keysQuery, type Environment } from '../queries.js';
import { showToast } from '../shell/toasts.js';

/** Draws the dialog. */
export function DeleteEnvironment(props: {
  readonly environment: Environment;
  readonly onClose: () => void;
}) {
  const { environment, onClose } = props;
  const { id, name, configs } = environment;
  const queries = useQueryClient();
  const { data: keys } = useQuery(keysQuery(id));
  const { data: fleet } = useQuery({ ...fleetQuery(id), staleTime: 0 });
  const { mutate } = useMutation({
    mutationFn: () =>
      admin.delete('/admin/v1/environments/{id}', { params: { path: { id } }, body: { confirm: name } }),
    onSettled: onClose,
    onSuccess: async ({ data: { revokedKeys } }) => {
      await queries.invalidateQueries(environmentsQuery);
      for (const kind of ['ruleset', 'keys', 'fleet']) queries.removeQueries({ queryKey: [kind, id] });
      const keysText = revokedKeys === 1 ? '1 key was revoked' : `${revokedKeys} keys were revoked`;
      showToast({ tone: 'done', text: `${name} was deleted; ${keysText}.` });
    },
    onError: (error) => showToast({ tone: 'failed', text: sentenceOf(error) }),
  });
  const living = keys?.filter(({ revokedAt }) => revokedAt === undefined).length;
  return (
    <ConfirmByTyping
      title={`Delete the environment ${name}?`}
      word={name}
      action="Delete the environment"
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      <p>
        {configs === 1 ? 'Its 1 config' : `Its ${configs} configs`} and its history go, and cannot be brought
        back. Its {living === undefined ? 'keys are' : living === 1 ? '1 key is' : `${living} keys are`}{' '}
        revoked at once.
      </p>
      <p>
        <strong>{streamsInWords(fleet === undefined ? undefined : streamsOf(fleet))}</strong>
      </p>
    </ConfirmByTyping>
  );
}
