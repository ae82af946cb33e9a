/** Delivery, live: the nodes, what each proxy lacks, the last changes on their way, the copies. */
import { useQuery } from '@tanstack/react-query';
import type { DeliveryState, ListedNode } from '../../../src/delivery/model.js';
import { Buckets, Proxies } from '../delivery/targets.js';
import { Rejected } from '../delivery/rejected.js';
import { TimeLine } from '../delivery/time-line.js';
import { useDelivery } from '../delivery/use-delivery.js';
import { durationOf } from '../model/delivery.js';
import { TableScroll } from '../parts/table-scroll.js';
import { Failed } from '../parts/page-notices.js';
import { environmentsQuery } from '../queries.js';
import '../styles/delivery.css';

/** Nodes report each second; the age from which a report is remarked on. */
const SILENT_MS = 3_000;

/** Draws the page. */
export function DeliveryPage() {
  const { state, isLive, error } = useDelivery();
  return (
    <div className="page">
      <div className="page-head">
        <h1>Delivery</h1>
        <span className={isLive ? 'tag tag-good' : 'tag tag-bad'} role="status">
          {isLive ? 'live' : state === undefined ? 'connecting …' : 'not live: connecting again …'}
        </span>
      </div>
      {error !== undefined && <Failed error={error} />}
      {state === undefined && error === undefined && <p className="loading">Connecting …</p>}
      {state !== undefined && <Loaded state={state} />}
    </div>
  );
}

function Loaded({ state }: { readonly state: DeliveryState }) {
  const { nodes, changes, stalenessSeconds } = state;
  const { data: environments = [] } = useQuery(environmentsQuery);
  const leader = nodes.find((node) => node.leader);
  const buckets = nodes.flatMap((node) => node.buckets);
  const names = new Map(environments.map(({ id, name }) => [id, name]));
  return (
    <div className="delivery">
      {state.error !== undefined && <p className="notice">Other nodes are unknown or old: {state.error}</p>}
      {leader === undefined && (
        <p className="notice" role="alert">
          No node leads, so nothing is published to proxies. Another node takes over within seconds.
        </p>
      )}
      {leader !== undefined && leader.ageMs > SILENT_MS && (
        <p className="notice" role="alert">
          The leader {leader.name} has not reported for {durationOf(leader.ageMs)}. If it is dead, another
          node takes over within seconds of its last sign; changes wait until then.
        </p>
      )}
      <p className="muted">
        A client that missed a change notices it within {stalenessSeconds} s, whatever fails in between.
      </p>
      <Nodes nodes={nodes} answeredBy={state.answeredBy} />
      <Proxies proxies={leader?.proxies ?? []} names={names} />
      <TimeLine changes={changes} names={names} />
      {leader?.inbox !== undefined && <Rejected inbox={leader.inbox} />}
      <Buckets buckets={buckets} />
    </div>
  );
}

function Nodes({
  nodes,
  answeredBy,
}: {
  readonly nodes: readonly ListedNode[];
  readonly answeredBy: string;
}) {
  return (
    <section aria-labelledby="nodes">
      <h2 id="nodes">Nodes</h2>
      <TableScroll label="Table of nodes">
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Direct holds
            </th>
            <th scope="col" className="number">
              Behind the feed
            </th>
            <th scope="col" className="number">
              Recoveries a minute
            </th>
            <th scope="col">Version</th>
          </tr>
        </thead>
        <tbody>
          {nodes.map((node) => (
            <NodeRow key={node.id} node={node} isAsked={node.id === answeredBy} />
          ))}
        </tbody>
      </TableScroll>
    </section>
  );
}

function NodeRow({ node, isAsked }: { readonly node: ListedNode; readonly isAsked: boolean }) {
  return (
    <tr>
      <th scope="row">
        <span className="mono">{node.name}</span>{' '}
        {node.leader && <span className="tag tag-good">leader</span>}{' '}
        {isAsked && <span className="tag">answers this page</span>}
      </th>
      <td>
        <span className={node.status === 'ready' ? 'tag tag-good' : 'tag tag-bad'}>{node.status}</span>
        {node.ageMs > SILENT_MS && <span className="muted"> reported {durationOf(node.ageMs)} ago</span>}
        {node.problems.map(({ part, reason }) => (
          <p key={part + reason} className="cell-note">
            {part}: {reason}
          </p>
        ))}
      </td>
      <td className="number">{node.directHolds}</td>
      <td className="number">{durationOf(node.feedLagMs)}</td>
      <td className="number">{node.recoveriesPerMinute}</td>
      <td>{node.version}</td>
    </tr>
  );
}
