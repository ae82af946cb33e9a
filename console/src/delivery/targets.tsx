/** The targets of delivery: proxies, and buckets with copies. */
import type { BucketReport, CanaryReport, ProxyReport } from '../../../src/delivery/model.js';
import { durationOf, environmentsOf } from '../model/delivery.js';
import { TableScroll } from '../parts/table-scroll.js';

/** Draws the proxies as the leader knows them. */
export function Proxies(props: {
  readonly proxies: readonly ProxyReport[];
  /** The names of environments by their numbers. */
  readonly names: ReadonlyMap<string, string>;
}) {
  const { proxies, names } = props;
  // Installations without one of them have no empty column.
  const shows = {
    holds: proxies.some(({ holds }) => holds !== undefined),
    canary: proxies.some(({ canary }) => canary !== undefined),
  };
  return (
    <section aria-labelledby="proxies">
      <h2 id="proxies">Proxies</h2>
      {proxies.length === 0 && (
        <p className="muted">None: clients hold their streams at the nodes, or no node leads.</p>
      )}
      {proxies.length > 0 && (
        <TableScroll label="Table of proxies">
          <thead>
            <tr>
              <th scope="col">Proxy</th>
              <th scope="col">State</th>
              {shows.holds && (
                <th scope="col" className="number">
                  Holds
                </th>
              )}
              <th scope="col" className="number">
                Waiting
              </th>
              <th scope="col">Last accepted</th>
              {shows.canary && <th scope="col">Seen by the canary</th>}
              <th scope="col" className="number">
                Repairs a minute
              </th>
            </tr>
          </thead>
          <tbody>
            {proxies.map((proxy) => (
              <ProxyRow key={proxy.proxy} proxy={proxy} names={names} shows={shows} />
            ))}
          </tbody>
        </TableScroll>
      )}
    </section>
  );
}

function ProxyRow(props: {
  readonly proxy: ProxyReport;
  readonly names: ReadonlyMap<string, string>;
  readonly shows: { readonly holds: boolean; readonly canary: boolean };
}) {
  const { proxy, state, holds, canary, waiting, missed, accepted, repairsPerMinute, error } = props.proxy;
  return (
    <tr>
      <th scope="row" className="mono">
        {proxy}
      </th>
      <td>
        <State state={state} error={error} />
      </td>
      {props.shows.holds && <td className="number">{holds ?? 'unknown'}</td>}
      <td className="number">
        {waiting}
        {missed > 0 && <p className="cell-note">{environmentsOf(missed)} to be sent again as a whole</p>}
      </td>
      <td>
        {accepted === undefined
          ? 'nothing yet'
          : `${durationOf(accepted.lagMs)} after its commit, ${props.names.get(accepted.environment) ?? accepted.environment}`}
      </td>
      {props.shows.canary && <td>{canary === undefined ? 'no canary' : <Seen canary={canary} />}</td>}
      <td className="number">{repairsPerMinute}</td>
    </tr>
  );
}

/** Draws how long the canary's last change needed until a client of the proxy had it. */
function Seen({ canary }: { readonly canary: CanaryReport }) {
  const { state, lastMs, waitingMs, error } = canary;
  return (
    <>
      {lastMs === undefined ? 'nothing yet' : `${durationOf(lastMs)} after its commit`}
      {state === 'silent' && <p className="cell-note">nothing arrived for {durationOf(waitingMs)}</p>}
      {error !== undefined && <p className="cell-note">{error}</p>}
    </>
  );
}

/** Draws the buckets with the age of their copies. */
export function Buckets({ buckets }: { readonly buckets: readonly BucketReport[] }) {
  return (
    <section aria-labelledby="buckets">
      <h2 id="buckets">Copies in buckets</h2>
      {buckets.length === 0 && (
        <p className="muted">
          None are written. With a bucket, clients read copies when no node can be reached.
        </p>
      )}
      {buckets.length > 0 && (
        <TableScroll label="Table of buckets">
          <thead>
            <tr>
              <th scope="col">Bucket</th>
              <th scope="col">State</th>
              <th scope="col">Age</th>
              <th scope="col">Compared</th>
            </tr>
          </thead>
          <tbody>
            {buckets.map((bucket) => (
              <BucketRow key={bucket.bucket} bucket={bucket} />
            ))}
          </tbody>
        </TableScroll>
      )}
    </section>
  );
}

function BucketRow({ bucket: each }: { readonly bucket: BucketReport }) {
  const { bucket, state, error, behindEnvironments, behindMs, aheadEnvironments, checkedMs } = each;
  return (
    <tr>
      <th scope="row" className="mono">
        {bucket}
      </th>
      <td>
        <State state={state} error={error} />
        {aheadEnvironments > 0 && (
          <p className="cell-note">the store lost what is here of {environmentsOf(aheadEnvironments)}</p>
        )}
      </td>
      <td>
        {behindEnvironments === 0
          ? 'up to date'
          : `${durationOf(behindMs)} behind in ${environmentsOf(behindEnvironments)}`}
      </td>
      <td>{checkedMs === undefined ? 'not yet' : `${durationOf(checkedMs)} ago`}</td>
    </tr>
  );
}

function State({ state, error }: { readonly state: 'ok' | 'failing'; readonly error: string | undefined }) {
  return (
    <>
      <span className={state === 'ok' ? 'tag tag-good' : 'tag tag-bad'}>{state}</span>
      {error !== undefined && <p className="cell-note">{error}</p>}
    </>
  );
}
