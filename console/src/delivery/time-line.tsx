/** The last changes on their way: commit, in the leader's memory, accepted by each proxy. */
import { Link } from '@tanstack/react-router';
import type { ArrivalReport, ChangeReport } from '../../../src/delivery/model.js';
import { durationOf } from '../model/delivery.js';
import { TableScroll } from '../parts/table-scroll.js';

/** Draws the time line, the newest change first. */
export function TimeLine(props: {
  readonly changes: readonly ChangeReport[];
  /** The names of environments by their numbers. */
  readonly names: ReadonlyMap<string, string>;
}) {
  const { changes, names } = props;
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">The last changes</h2>
      {changes.length === 0 && <p className="muted">None since the leader started.</p>}
      {changes.length > 0 && (
        <TableScroll label="Table of the last changes">
          <thead>
            <tr>
              <th scope="col">Committed</th>
              <th scope="col">Environment</th>
              <th scope="col" className="number">
                Flags
              </th>
              <th scope="col" className="number">
                Leader had it
              </th>
              <th scope="col">Accepted by proxies</th>
            </tr>
          </thead>
          <tbody>
            {changes.map((change) => (
              <ChangeRow key={`${change.environment} ${change.version}`} change={change} names={names} />
            ))}
          </tbody>
        </TableScroll>
      )}
    </section>
  );
}

function ChangeRow(props: { readonly change: ChangeReport; readonly names: ReadonlyMap<string, string> }) {
  const { environment, at, configs, appliedMs, proxies } = props.change;
  return (
    <tr>
      <th scope="row">
        <time dateTime={at} className="nowrap">
          {new Date(at).toLocaleTimeString()}
        </time>
      </th>
      <td>
        <Link to="/e/$environment/flags" params={{ environment }}>
          {props.names.get(environment) ?? environment}
        </Link>
      </td>
      <td className="number">{configs}</td>
      <td className="number">{appliedMs === undefined ? '…' : durationOf(appliedMs)}</td>
      <td>
        <Arrivals proxies={proxies} />
      </td>
    </tr>
  );
}

function Arrivals({ proxies }: { readonly proxies: readonly ArrivalReport[] }) {
  if (proxies.length === 0) return <span className="muted">no proxy</span>;
  return (
    <ul className="arrivals">
      {proxies.map(({ proxy, acceptedMs }) => (
        <li key={proxy}>
          {proxies.length > 1 && <span className="muted mono">{proxy} </span>}
          {acceptedMs === undefined ? 'waiting' : durationOf(acceptedMs)}
        </li>
      ))}
    </ul>
  );
}
