/** The API keys of an environment: list, create, revoke. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { AdminSchemas } from '../api.js';
import { CreateKey } from '../keys/create-key.js';
import { RevokeKey } from '../keys/revoke-key.js';
import { ageOf } from '../model/filters.js';
import { streamsOf, type FleetPart } from '../model/streams.js';
import { ExpiryCell } from '../parts/expiry.js';
import { Failed, NothingYet } from '../parts/page-notices.js';
import { ActionsHead, RowActions } from '../parts/row-actions.js';
import { useNow } from '../parts/use-now.js';
import { fleetQuery, keysQuery } from '../queries.js';
import { useMay } from '../session.js';
import '../styles/tables.css';

type Key = AdminSchemas['Key'];

/** Draws the page. */
export function KeysPage() {
  const { environment } = useParams({ from: '/e/$environment/keys' });
  const { data, error, refetch } = useQuery(keysQuery(environment));
  const { data: fleet } = useQuery(fleetQuery(environment));
  const isAdmin = useMay('admin');
  const [isCreating, setCreating] = useState(false);
  const [revoked, setRevoked] = useState<Key>();
  return (
    <div className="page">
      <div className="page-head">
        <h1>Keys</h1>
        {isAdmin && (
          <button type="button" className="button button-primary" onClick={() => setCreating(true)}>
            New key
          </button>
        )}
      </div>
      <p className="table-note">
        An application reads the flags of this environment with a key. To replace one, create another, deploy
        it, and revoke the old one when it is no longer used.
      </p>
      {error !== null && <Failed error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <p className="loading">Loading keys …</p>}
      {data?.length === 0 && (
        <NothingYet
          title="There are no keys in this environment"
          by="admin"
          command={`npx holdfast keys create --env ${environment} --kind server --name my-service`}
        />
      )}
      {data !== undefined && data.length > 0 && (
        <Keys keys={data} fleet={fleet} onRevoke={isAdmin ? setRevoked : undefined} />
      )}
      {isCreating && <CreateKey environment={environment} onClose={() => setCreating(false)} />}
      {revoked !== undefined && <RevokeKey apiKey={revoked} onClose={() => setRevoked(undefined)} />}
    </div>
  );
}

interface KeysProps {
  readonly keys: readonly Key[];
  readonly fleet: FleetPart | undefined;
  /** `undefined` when the operator may not. */
  readonly onRevoke: ((key: Key) => void) | undefined;
}

function Keys({ keys, fleet, onRevoke }: KeysProps) {
  const [areAllShown, setAllShown] = useState(false);
  const living = keys.filter(({ revokedAt }) => revokedAt === undefined);
  const gone = keys.length - living.length;
  return (
    <>
      <table className="table card">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Kind</th>
            <th scope="col">Id</th>
            <th scope="col">Created</th>
            <th scope="col">Expires</th>
            <th scope="col">Last used</th>
            <th scope="col" className="table-number">
              Open streams
            </th>
            {onRevoke !== undefined && <ActionsHead />}
          </tr>
        </thead>
        <tbody>
          {(areAllShown ? keys : living).map((key) => (
            <KeyRow key={key.id} apiKey={key} fleet={fleet} onRevoke={onRevoke} />
          ))}
        </tbody>
      </table>
      {living.length === 0 && !areAllShown && <p className="loading">All keys are revoked or expired.</p>}
      {gone > 0 && (
        <label className="check table-options">
          <input type="checkbox" checked={areAllShown} onChange={() => setAllShown(!areAllShown)} />
          Show revoked and expired keys ({gone})
        </label>
      )}
    </>
  );
}

const KINDS = { server: 'Reads rules and values.', client: 'Reads values only.' } as const;

function KeyRow({ apiKey, fleet, onRevoke }: { readonly apiKey: Key } & Omit<KeysProps, 'keys'>) {
  const { id, name, kind, createdAt, expiresAt, lastUsedAt, revokedAt } = apiKey;
  // A key that expired is revoked as of its expiry, which its own column says.
  const hasExpired = revokedAt !== undefined && revokedAt === expiresAt;
  const now = useNow();
  const streams = fleet === undefined ? undefined : streamsOf(fleet, id).atLeast;
  const called = name === '' ? id : name;
  return (
    <tr className={revokedAt === undefined ? undefined : 'table-gone'}>
      <td>
        <span className={name === '' ? 'table-nameless' : 'table-name'}>
          {name === '' ? 'no name' : name}
        </span>{' '}
        {revokedAt !== undefined && !hasExpired && (
          <span className="tag">revoked {ageOf(Date.parse(revokedAt), now)}</span>
        )}
      </td>
      <td data-label="Kind">
        <span title={KINDS[kind]}>{kind}</span>
      </td>
      <td data-label="Id" className="mono table-short">
        {id}
      </td>
      <td data-label="Created" className="table-short">
        <time dateTime={createdAt} title={createdAt}>
          {ageOf(Date.parse(createdAt), now)}
        </time>
      </td>
      <ExpiryCell expiresAt={expiresAt} />
      <td data-label="Last used" className="table-short">
        {lastUsedAt === undefined ? (
          <span title="Nodes note uses once a minute. Uses at belt servers and at a CDN are not known.">
            none noted
          </span>
        ) : (
          <time dateTime={lastUsedAt} title={lastUsedAt}>
            {ageOf(Date.parse(lastUsedAt), now)}
          </time>
        )}
      </td>
      <td data-label="Open streams" className="table-number">
        {streams === undefined ? '…' : streams.toLocaleString('en')}
      </td>
      {onRevoke !== undefined && (
        <RowActions
          actions={
            revokedAt === undefined
              ? [{ label: 'Revoke', name: `Revoke ${called}`, isDanger: true, run: () => onRevoke(apiKey) }]
              : []
          }
        />
      )}
    </tr>
  );
}
