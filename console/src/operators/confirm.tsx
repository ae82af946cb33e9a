/** Acts after which a token is refused: the name of the operator is typed. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { admin, type AdminSchemas } from '../api.js';
import { ConfirmByTyping } from '../parts/dialog.js';
import { sentenceOf } from '../parts/sentence.js';
import { operatorsQuery } from '../queries.js';
import { endSession, useSelf } from '../session.js';
import { showToast } from '../shell/toasts.js';

interface ConfirmProps {
  readonly operator: AdminSchemas['Operator'];
  readonly onClose: () => void;
}

/** Draws the dialog that revokes an operator. */
export function RevokeOperator({ operator: { name }, onClose }: ConfirmProps) {
  const queries = useQueryClient();
  const isSelf = useSelf().name === name;
  const { mutate } = useMutation({
    mutationFn: () => admin.delete('/admin/v1/operators/{name}', { params: { path: { name } } }),
    onSettled: onClose,
    onSuccess: async () => {
      if (isSelf) {
        endSession('You were signed out: you revoked your own token.');
        return;
      }
      showToast({ tone: 'done', text: `${name} was revoked.` });
      await queries.invalidateQueries(operatorsQuery);
    },
    onError: (error) => showToast({ tone: 'failed', text: sentenceOf(error) }),
  });
  return (
    <ConfirmByTyping
      title={`Revoke the operator ${name}?`}
      word={name}
      action="Revoke"
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      <p>The token is refused within a second on every node. What {name} did stays in the history.</p>
      {isSelf && <p>This is the token that you are signed in with: you will be signed out.</p>}
    </ConfirmByTyping>
  );
}

/** Draws the dialog that gives an operator a new token. */
export function RotateToken(
  props: ConfirmProps & { readonly onIssued: (issued: AdminSchemas['IssuedToken']) => void },
) {
  const { operator, onIssued, onClose } = props;
  const { name } = operator;
  const queries = useQueryClient();
  const isSelf = useSelf().name === name;
  const { mutate } = useMutation({
    mutationFn: async () =>
      (await admin.post('/admin/v1/operators/{name}/rotate', { params: { path: { name } }, body: {} })).data,
    onSuccess: async (issued) => {
      onIssued(issued);
      if (!isSelf) await queries.invalidateQueries(operatorsQuery);
    },
    onError: (error) => {
      onClose();
      showToast({ tone: 'failed', text: sentenceOf(error) });
    },
    gcTime: 0,
  });
  return (
    <ConfirmByTyping
      title={`Give ${name} a new token?`}
      word={name}
      action="Make a new token"
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      <p>The old token is refused within a second; the new one is shown once.</p>
      {isSelf && <p>You will be signed out, and sign in with the new one.</p>}
    </ConfirmByTyping>
  );
}
