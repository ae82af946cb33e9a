/** Creating an API key, which is shown once. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { admin } from '../api.js';
import { ExpiryChoice, expiryIn } from '../parts/expiry.js';
import { FormDialog, FormField } from '../parts/form.js';
import { IssuedSecret } from '../parts/issued.js';
import { keysQuery } from '../queries.js';

/** Draws the dialog, and then the key. */
export function CreateKey(props: { readonly environment: string; readonly onClose: () => void }) {
  const { environment, onClose } = props;
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Kind>('server');
  const [days, setDays] = useState('');
  const queries = useQueryClient();
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: async () => {
      const params = { path: { id: environment } };
      const body = { kind, name: name.trim(), expiresAt: expiryIn(days) };
      return (await admin.post('/admin/v1/environments/{id}/keys', { params, body })).data;
    },
    onSuccess: () => queries.invalidateQueries(keysQuery(environment)),
    // The secret stays in no cache.
    gcTime: 0,
  });
  if (data !== undefined) {
    const note = data.kind === 'server' ? 'Put it where your service keeps its secrets.' : CLIENT_NOTE;
    return <IssuedSecret title="Your new key" secret={data.key} note={note} onClose={onClose} />;
  }
  return (
    <FormDialog
      title="New key"
      action="Create"
      fields={['name', 'kind', 'expiresAt']}
      error={error}
      isPending={isPending}
      onSubmit={() => mutate()}
      onClose={onClose}
    >
      <FormField label="Name" name="name" note="The application that will use it; you find it by this name.">
        {(given) => (
          <input
            value={name}
            autoComplete="off"
            spellCheck={false}
            placeholder="checkout service"
            onChange={({ target }) => setName(target.value)}
            {...given}
          />
        )}
      </FormField>
      <KindField kind={kind} onChange={setKind} />
      <FormField
        label="Expires"
        name="expiresAt"
        note="It is refused from then on, and its streams end; this cannot be changed later."
      >
        {(given) => <ExpiryChoice days={days} given={given} onChange={setDays} />}
      </FormField>
    </FormDialog>
  );
}

type Kind = 'server' | 'client';

function KindField(props: { readonly kind: Kind; readonly onChange: (kind: Kind) => void }) {
  return (
    <FormField label="Kind" name="kind" note={NOTES[props.kind]}>
      {(given) => (
        <select
          value={props.kind}
          onChange={({ target }) => props.onChange(target.value === 'client' ? 'client' : 'server')}
          {...given}
        >
          <option value="server">server</option>
          <option value="client">client</option>
        </select>
      )}
    </FormField>
  );
}

const NOTES = {
  server: 'For services: it reads all rules, and must never be in a page or an app.',
  client: 'For pages and apps: it gets values for one user, and no rules.',
} as const;

const CLIENT_NOTE = 'It may be in a page or an app: it gets values, and no rules.';
