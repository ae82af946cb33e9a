/** Creating an operator, whose token is shown once. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { admin, type AdminSchemas } from '../api.js';
import { FormDialog, FormField } from '../parts/form.js';
import { environmentsQuery, operatorsQuery } from '../queries.js';

type Role = AdminSchemas['Operator']['role'];

const ROLE_NOTES: Readonly<Record<Role, string>> = {
  viewer: 'Reads everything but secrets and the audit trail.',
  editor: 'Reads everything but secrets and the audit trail, and changes flags.',
  admin: 'Changes flags, manages environments, keys and operators, and restores.',
};
const ROLE_NAMES = Object.keys(ROLE_NOTES) as Role[];

const DAYS = [7, 30, 90, 365] as const;

interface CreateOperatorProps {
  readonly onIssued: (issued: AdminSchemas['IssuedToken']) => void;
  readonly onClose: () => void;
}

/** An operator as it is typed. */
interface TypedOperator {
  readonly name: string;
  readonly role: Role;
  /** Empty for never. */
  readonly days: string;
  readonly environments: readonly string[] | 'all';
}

function useCreate(onIssued: CreateOperatorProps['onIssued']) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ name, role, days, environments }: TypedOperator) => {
      const expiresAt = days === '' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString();
      const list = environments === 'all' ? environments : [...environments];
      const body = { name: name.trim(), role, environments: list, expiresAt };
      return (await admin.post('/admin/v1/operators', { body })).data;
    },
    onSuccess: async (issued) => {
      onIssued(issued);
      await queries.invalidateQueries(operatorsQuery);
    },
    // The secret stays in no cache.
    gcTime: 0,
  });
}

/** Draws the dialog. */
export function CreateOperator({ onIssued, onClose }: CreateOperatorProps) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('editor');
  const [days, setDays] = useState('90');
  const [environments, setEnvironments] = useState<readonly string[] | 'all'>('all');
  const { mutate, error, isPending } = useCreate(onIssued);
  return (
    <FormDialog
      title="New operator"
      action="Create"
      fields={['name', 'role', 'expiresAt']}
      error={error}
      isPending={isPending}
      onSubmit={() => mutate({ name, role, days, environments })}
      onClose={onClose}
    >
      <FormField label="Name" name="name" note="A person or a script: letters, digits and . _ - @.">
        {(given) => (
          <input
            value={name}
            autoComplete="off"
            spellCheck={false}
            placeholder="ann"
            onChange={({ target }) => setName(target.value)}
            {...given}
          />
        )}
      </FormField>
      <FormField label="Role" name="role" note={ROLE_NOTES[role]}>
        {(given) => (
          <select value={role} onChange={({ target }) => setRole(target.value as Role)} {...given}>
            {ROLE_NAMES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
      </FormField>
      <EnvironmentChoice chosen={environments} onChange={setEnvironments} />
      <FormField label="Expires" name="expiresAt" note="The token is refused from then on.">
        {(given) => (
          <select value={days} onChange={({ target }) => setDays(target.value)} {...given}>
            {DAYS.map((each) => (
              <option key={each} value={each}>
                in {each} days
              </option>
            ))}
            <option value="">never</option>
          </select>
        )}
      </FormField>
    </FormDialog>
  );
}

function EnvironmentChoice(props: {
  readonly chosen: readonly string[] | 'all';
  readonly onChange: (chosen: readonly string[] | 'all') => void;
}) {
  const { chosen, onChange } = props;
  const { data = [] } = useQuery(environmentsQuery);
  const list = chosen === 'all' ? [] : chosen;
  return (
    <fieldset className="field">
      <legend>Environments</legend>
      <label className="check">
        <input
          type="checkbox"
          checked={chosen === 'all'}
          onChange={({ target }) => onChange(target.checked ? 'all' : data.slice(0, 1).map(({ id }) => id))}
        />
        All, those to come too
      </label>
      {chosen !== 'all' && (
        <div className="choices">
          {data.map(({ id, name }) => (
            <label key={id} className="check">
              <input
                type="checkbox"
                checked={list.includes(id)}
                // One at least: none is no choice.
                disabled={list.length === 1 && list.includes(id)}
                onChange={({ target }) =>
                  onChange(target.checked ? [...list, id] : list.filter((each) => each !== id))
                }
              />
              {name}
            </label>
          ))}
        </div>
      )}
    </fieldset>
  );
}
