/** Changing role, environments or expiry of an operator; the token stays. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { admin, type AdminSchemas } from '../api.js';
import { ExpiryChoice, expiryIn, STAYS } from '../parts/expiry.js';
import { FormDialog, FormField } from '../parts/form.js';
import { isOvertaken, SettingsConflict, type SettingLines } from '../parts/settings-conflict.js';
import { operatorsQuery } from '../queries.js';
import { useSelf } from '../session.js';
import { showToast } from '../shell/toasts.js';
import { EnvironmentChoice, RoleField } from './fields.js';

type Operator = AdminSchemas['Operator'];

interface ChangeProps {
  readonly operator: Operator;
  readonly onClose: () => void;
}

/** Draws the dialog. */
export function ChangeOperator({ operator, onClose }: ChangeProps) {
  const [opened, setOpened] = useState(operator);
  return <ChangeForm key={opened.revision} operator={opened} onRestart={setOpened} onClose={onClose} />;
}

function ChangeForm(props: ChangeProps & { readonly onRestart: (operator: Operator) => void }) {
  const { operator, onRestart, onClose } = props;
  const { name } = operator;
  const [role, setRole] = useState(operator.role);
  const [environments, setEnvironments] = useState<'all' | readonly string[]>(operator.environments);
  const [days, setDays] = useState<string>(STAYS);
  const isSelf = useSelf().name === name;
  const { mutate, error, isPending } = useChange(operator, { role, environments, days }, onClose);
  return (
    <FormDialog
      title={`Change ${name}`}
      action="Save"
      fields={['role', 'environments', 'expiresAt']}
      error={isOvertaken(error) ? null : error}
      isPending={isPending}
      onSubmit={() => mutate()}
      onClose={onClose}
    >
      {isOvertaken(error) && <Overtaken opened={operator} onRestart={onRestart} />}
      <RoleField role={role} onChange={setRole} />
      <EnvironmentChoice chosen={environments} onChange={setEnvironments} />
      <FormField label="Expires" name="expiresAt" note="The token is refused from then on.">
        {(given) => (
          <ExpiryChoice days={days} given={given} present={expiryOf(operator)} onChange={setDays} />
        )}
      </FormField>
      {isSelf && <p className="notice">This is you: what you may do here changes within a second.</p>}
    </FormDialog>
  );
}

function useChange(
  { name, revision }: Operator,
  typed: {
    readonly role: Operator['role'];
    readonly environments: 'all' | readonly string[];
    readonly days: string;
  },
  onClose: () => void,
) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => {
      const { role, environments, days } = typed;
      return admin.put('/admin/v1/operators/{name}', {
        params: { path: { name }, header: { 'If-Match': `"${revision}"` } },
        body: {
          role,
          environments: environments === 'all' ? environments : [...environments],
          ...(days === STAYS ? {} : { expiresAt: expiryIn(days) }),
        },
      });
    },
    onSuccess: async () => {
      await queries.invalidateQueries(operatorsQuery);
      onClose();
      showToast({ tone: 'done', text: `${name} was changed.` });
    },
  });
}

/** Draws what someone else changed of the operator; it is not written over. */
function Overtaken(props: { readonly opened: Operator; readonly onRestart: (operator: Operator) => void }) {
  const { opened, onRestart } = props;
  const { data } = useQuery({ ...operatorsQuery, staleTime: 0, refetchOnMount: 'always' });
  const found = data?.find(({ name }) => name === opened.name);
  const now = found?.revision === opened.revision ? undefined : found;
  return (
    <SettingsConflict
      what="this operator"
      opened={linesOf(opened)}
      now={now && linesOf(now)}
      onRestart={() => {
        if (now !== undefined) onRestart(now);
      }}
    />
  );
}

function linesOf(operator: Operator): SettingLines {
  const { role, environments } = operator;
  const list = environments === 'all' ? 'all' : environments.join(', ');
  return { Role: role, Environments: list, Expires: expiryOf(operator) };
}

function expiryOf({ expiresAt }: Operator): string {
  return expiresAt === undefined ? 'never' : `${expiresAt.slice(0, 16).replace('T', ' ')} UTC`;
}
