/** The operators of the installation: list, create, a new token, revoke. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AdminSchemas } from '../api.js';
import { ageOf } from '../model/filters.js';
import { ChangeOperator } from '../operators/change-operator.js';
import { CreateOperator } from '../operators/create-operator.js';
import { RevokeOperator, RotateToken } from '../operators/confirm.js';
import { Sessions } from '../operators/sessions.js';
import { ExpiryCell } from '../parts/expiry.js';
import { Failed, NothingYet } from '../parts/page-notices.js';
import { IssuedSecret } from '../parts/issued.js';
import { ActionsHead, RowActions } from '../parts/row-actions.js';
import { useNow } from '../parts/use-now.js';
import { environmentsQuery, operatorsQuery } from '../queries.js';
import { useSelf } from '../session.js';
import '../styles/tables.css';

type Operator = AdminSchemas['Operator'];
type Issued = AdminSchemas['IssuedToken'];
type Asked =
  | { readonly kind: 'create' }
  | { readonly kind: 'change' | 'rotate' | 'revoke'; readonly operator: Operator }
  | { readonly kind: 'issued'; readonly issued: Issued };

/** Draws the page. */
export function OperatorsPage() {
  const { data, error, refetch } = useQuery(operatorsQuery);
  const [asked, setAsked] = useState<Asked>();
  const close = (): void => setAsked(undefined);
  const show = (issued: Issued): void => setAsked({ kind: 'issued', issued });
  return (
    <div className="page">
      <div className="page-head">
        <h1>Operators</h1>
        <button type="button" className="button button-primary" onClick={() => setAsked({ kind: 'create' })}>
          New operator
        </button>
      </div>
      <p className="table-note">
        One for each person and each script: the history says who changed what, and one token can be refused
        without the others.
      </p>
      {error !== null && <Failed error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <p className="loading">Loading operators …</p>}
      {data?.length === 0 && (
        <NothingYet
          title="There are no operators yet"
          by="admin"
          command="npx holdfast operators create ann --role admin"
        >
          The only token is that of the installation, root. Create an operator for yourself first.
        </NothingYet>
      )}
      {data !== undefined && data.length > 0 && <OperatorTable operators={data} onAsk={setAsked} />}
      <Sessions />
      {asked?.kind === 'create' && <CreateOperator onIssued={show} onClose={close} />}
      {asked?.kind === 'change' && <ChangeOperator operator={asked.operator} onClose={close} />}
      {asked?.kind === 'rotate' && <RotateToken operator={asked.operator} onIssued={show} onClose={close} />}
      {asked?.kind === 'revoke' && <RevokeOperator operator={asked.operator} onClose={close} />}
      {asked?.kind === 'issued' && (
        <IssuedSecret
          title={`The token of ${asked.issued.name}`}
          secret={asked.issued.token}
          note="It signs in here, and is the HOLDFAST_ADMIN_TOKEN of the command line."
          onClose={close}
        />
      )}
    </div>
  );
}

function OperatorTable(props: {
  readonly operators: readonly Operator[];
  readonly onAsk: (asked: Asked) => void;
}) {
  const { operators, onAsk } = props;
  return (
    <table className="table card">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Role</th>
          <th scope="col">Environments</th>
          <th scope="col">Created</th>
          <th scope="col">Expires</th>
          <th scope="col">Last used</th>
          <ActionsHead />
        </tr>
      </thead>
      <tbody>
        {operators.map((operator) => (
          <OperatorRow key={operator.name} operator={operator} onAsk={onAsk} />
        ))}
      </tbody>
    </table>
  );
}

function OperatorRow(props: { readonly operator: Operator; readonly onAsk: (asked: Asked) => void }) {
  const { operator, onAsk } = props;
  const { name, role, environments, createdAt, expiresAt, lastUsedOn } = operator;
  const now = useNow();
  const self = useSelf();
  const { data: known = [] } = useQuery(environmentsQuery);
  const nameOf = (id: string): string => known.find((each) => each.id === id)?.name ?? id;
  const hasExpired = expiresAt !== undefined && Date.parse(expiresAt) <= now;
  return (
    <tr className={hasExpired ? 'table-gone' : undefined}>
      <td>
        <span className="table-name">{name}</span> {self.name === name && <span className="tag">you</span>}
      </td>
      <td data-label="Role">{role}</td>
      <td data-label="Environments">
        {environments === 'all' ? 'all' : environments.map(nameOf).join(', ')}
      </td>
      <td data-label="Created" className="table-short">
        <time dateTime={createdAt} title={createdAt}>
          {ageOf(Date.parse(createdAt), now)}
        </time>
      </td>
      <ExpiryCell expiresAt={expiresAt} />
      <td data-label="Last used" className="table-short">
        {lastUsedOn ?? 'never'}
      </td>
      <RowActions
        actions={[
          { label: 'Change', name: `Change ${name}`, run: () => onAsk({ kind: 'change', operator }) },
          {
            label: 'New token',
            name: `New token for ${name}`,
            run: () => onAsk({ kind: 'rotate', operator }),
          },
          {
            label: 'Revoke',
            name: `Revoke ${name}`,
            isDanger: true,
            run: () => onAsk({ kind: 'revoke', operator }),
          },
        ]}
      />
    </tr>
  );
}
