/** The people who signed in with the issuer, and the button that signs one of them out. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { admin, type AdminSchemas } from '../api.js';
import { ageOf } from '../model/filters.js';
import { sentenceOf } from '../parts/sentence.js';
import { ActionsHead, RowActions } from '../parts/row-actions.js';
import { useNow } from '../parts/use-now.js';
import { environmentsQuery, sessionsQuery } from '../queries.js';
import { showToast } from '../shell/toasts.js';

type Session = AdminSchemas['Session'];

/** Draws the sessions; nothing when there are none. */
export function Sessions() {
  const { data = [] } = useQuery(sessionsQuery);
  if (data.length === 0) return null;
  return (
    <section>
      <h2 className="table-title">Signed in with the issuer</h2>
      <table className="table card">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Role</th>
            <th scope="col">Environments</th>
            <th scope="col">By</th>
            <th scope="col">Since</th>
            <ActionsHead />
          </tr>
        </thead>
        <tbody>
          {data.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function SessionRow({ session }: { readonly session: Session }) {
  const { id, name, role, environments, claim, createdAt } = session;
  const now = useNow();
  const queries = useQueryClient();
  const { data: known = [] } = useQuery(environmentsQuery);
  const nameOf = (number: string): string => known.find((each) => each.id === number)?.name ?? number;
  const { mutate, isPending } = useMutation({
    mutationFn: () => admin.delete('/admin/v1/sessions/{id}', { params: { path: { id } } }),
    onSuccess: () => showToast({ tone: 'done', text: `${name} was signed out.` }),
    onError: (error) => showToast({ tone: 'failed', text: sentenceOf(error) }),
    onSettled: () => queries.invalidateQueries(sessionsQuery),
  });
  const signOut = {
    label: 'Sign out',
    name: `Sign out ${name}`,
    isDanger: true,
    isDisabled: isPending,
    run: mutate,
  };
  return (
    <tr>
      <td>
        <span className="table-name">{name}</span>
      </td>
      <td data-label="Role">{role}</td>
      <td data-label="Environments">
        {environments === 'all' ? 'all' : environments.map(nameOf).join(', ')}
      </td>
      <td data-label="By">{claim}</td>
      <td data-label="Since" className="table-short">
        <time dateTime={createdAt} title={createdAt}>
          {ageOf(Date.parse(createdAt), now)}
        </time>
      </td>
      <RowActions actions={[signOut]} />
    </tr>
  );
}
