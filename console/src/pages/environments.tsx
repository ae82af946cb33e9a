/** The environments of the installation: list, create, settings, delete. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { DeleteEnvironment } from '../environments/delete-environment.js';
import { ChangeEnvironment, CreateEnvironment } from '../environments/settings.js';
import { Failed, NothingYet } from '../parts/page-notices.js';
import { ActionsHead, RowActions, type RowAction } from '../parts/row-actions.js';
import { environmentsQuery, type Environment } from '../queries.js';
import { useMay } from '../session.js';
import '../styles/tables.css';

type Asked =
  { readonly kind: 'create' } | { readonly kind: 'change' | 'delete'; readonly environment: Environment };

/** Draws the page. */
export function EnvironmentsPage() {
  const { data, error, refetch } = useQuery(environmentsQuery);
  const isAdmin = useMay('admin');
  const [asked, setAsked] = useState<Asked>();
  const close = (): void => setAsked(undefined);
  return (
    <div className="page">
      <div className="page-head">
        <h1>Environments</h1>
        {isAdmin && (
          <button
            type="button"
            className="button button-primary"
            disabled={data === undefined}
            onClick={() => setAsked({ kind: 'create' })}
          >
            New environment
          </button>
        )}
      </div>
      <p className="table-note">An environment is one set of flags that an API key can read.</p>
      {error !== null && <Failed error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <p className="loading">Loading environments …</p>}
      {data?.length === 0 && (
        <NothingYet
          title="There is no environment yet"
          by="admin"
          command="npx holdfast environments put 1 --project 1 --name Development"
        />
      )}
      {data !== undefined && data.length > 0 && (
        <EnvironmentTable environments={data} isAdmin={isAdmin} onAsk={setAsked} />
      )}
      {asked?.kind === 'create' && <CreateEnvironment environments={data ?? []} onClose={close} />}
      {asked?.kind === 'change' && <ChangeEnvironment id={asked.environment.id} onClose={close} />}
      {asked?.kind === 'delete' && <DeleteEnvironment environment={asked.environment} onClose={close} />}
    </div>
  );
}

function EnvironmentTable(props: {
  readonly environments: readonly Environment[];
  readonly isAdmin: boolean;
  readonly onAsk: (asked: Asked) => void;
}) {
  const { environments, isAdmin, onAsk } = props;
  return (
    <table className="table card">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Number</th>
          <th scope="col">Project</th>
          <th scope="col" className="table-number">
            Configs
          </th>
          <th scope="col">Version</th>
          {isAdmin && <ActionsHead />}
        </tr>
      </thead>
      <tbody>
        {environments.map((environment) => (
          <tr key={environment.id}>
            <td>
              <Link
                to="/e/$environment/flags"
                params={{ environment: environment.id }}
                className="table-name"
              >
                {environment.name}
              </Link>
            </td>
            <td data-label="Number">{environment.id}</td>
            <td data-label="Project">{environment.projectId}</td>
            <td data-label="Configs" className="table-number">
              {environment.configs}
            </td>
            <td data-label="Version" className="mono">
              {environment.version === '0' ? 'no change yet' : environment.version}
            </td>
            {isAdmin && <RowActions actions={actionsOf(environment, onAsk)} />}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function actionsOf(environment: Environment, onAsk: (asked: Asked) => void): readonly RowAction[] {
  const { name } = environment;
  return [
    { label: 'Settings', name: `Settings of ${name}`, run: () => onAsk({ kind: 'change', environment }) },
    {
      label: 'Delete',
      name: `Delete ${name}`,
      isDanger: true,
      run: () => onAsk({ kind: 'delete', environment }),
    },
  ];
}
