/** Creating an operator, whose token is shown once. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { admin, type AdminSchemas } from '../api.js';
import { ExpiryChoice, expiryIn } from '../parts/expiry.js';
import { FormDialog, FormField } from '../parts/form.js';
import { operatorsQuery } from '../queries.js';
import { EnvironmentChoice, RoleField, type Role } from './fields.js';

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
      const list = environments === 'all' ? environments : [...environments];
      const body = { name: name.trim(), role, environments: list, expiresAt: expiryIn(days) };
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
      <RoleField role={role} onChange={setRole} />
      <EnvironmentChoice chosen={environments} onChange={setEnvironments} />
      <FormField label="Expires" name="expiresAt" note="The token is refused from then on.">
        {(given) => <ExpiryChoice days={days} given={given} onChange={setDays} />}
      </FormField>
    </FormDialog>
  );
}
