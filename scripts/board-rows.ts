/** The panels of the Grafana board: each has a question, a unit and its queries. */
/** A query and the legend of its series. */
type Query = readonly [expression: string, legend: string];

/** One panel. */
export interface PanelPlan {
  readonly title: string;
  /** The question that the panel answers, and the value that is right. */
  readonly help: string;
  /** A unit of Grafana. */
  readonly unit: 's' | 'short' | 'reqps' | 'percentunit' | 'bytes' | 'bool_yes_no';
  readonly kind?: 'stat';
  /** The value from which a stat is red; `below`: up to which it is. */
  readonly red?: { readonly from: number } | { readonly below: number };
  readonly queries: readonly Query[];
}

const NODES = 'job="$job", instance=~"$instance"';

const sum = (metric: string, labels = '', by = ''): string =>
  `sum${by === '' ? '' : ` by (${by})`} (${metric}{${NODES}${labels}})`;
const rate = (metric: string, by = '', labels = ''): string =>
  `sum${by === '' ? '' : ` by (${by})`} (rate(${metric}{${NODES}${labels}}[$__rate_interval]))`;
const quantile = (q: number, metric: string, by: string): string =>
  `histogram_quantile(${q}, sum by (${by}, le) (rate(${metric}_bucket{${NODES}}[$__rate_interval])))`;

/** The panels of the board, row by row. */
export const BOARD_ROWS: Readonly<Record<string, readonly PanelPlan[]>> = {
  'Is it well?': [
    {
      title: 'Leaders',
      help: 'Nodes that publish. One is right; none: changes wait for T.',
      unit: 'short',
      kind: 'stat',
      red: { below: 0.5 },
      queries: [[sum('holdfast_leader'), 'leaders']],
    },
    {
      title: 'Nodes up',
      help: 'Targets that Prometheus reaches.',
      unit: 'short',
      kind: 'stat',
      red: { below: 0.5 },
      queries: [['sum(up{job="$job"})', 'nodes']],
    },
    {
      title: 'Store writable',
      help: 'Whether the store accepts changes on every node.',
      unit: 'bool_yes_no',
      kind: 'stat',
      red: { below: 0.5 },
      queries: [[`min(holdfast_store_writable{${NODES}}) * min(holdfast_store_up{${NODES}})`, 'writable']],
    },
    {
      title: 'Age of what nodes know',
      help: 'The oldest feed of all nodes. Below two seconds is right.',
      unit: 's',
      kind: 'stat',
      red: { from: 10 },
      queries: [[`max(holdfast_feed_lag_seconds{${NODES}})`, 'age']],
    },
    {
      title: 'Missed environments',
      help: 'Environments of which a proxy waits for a resync item. Zero is right.',
      unit: 'short',
      kind: 'stat',
      red: { from: 1 },
      queries: [[sum('holdfast_publish_missed_environments'), 'missed']],
    },
    {
      title: 'Rejected events',
      help: 'Inbox events that wait for a decision by a person. Zero is right.',
      unit: 'short',
      kind: 'stat',
      red: { from: 1 },
      queries: [[sum('holdfast_rejected_waiting'), 'rejected']],
    },
  ],
  Delivery: [
    {
      title: 'From commit to client',
      help: 'Time from the commit of a change of the canary to its arrival at a connection to the client port of each proxy.',
      unit: 's',
      queries: [
        [quantile(0.5, 'holdfast_delivery_seconds', 'proxy'), '{{proxy}} p50'],
        [quantile(0.99, 'holdfast_delivery_seconds', 'proxy'), '{{proxy}} p99'],
      ],
    },
    {
      title: 'Canary silent',
      help: '1 while a change of the canary has not arrived through the proxy for longer than T.',
      unit: 'short',
      queries: [[`max by (proxy) (holdfast_canary_silent{${NODES}})`, '{{proxy}}']],
    },
    {
      title: 'From commit to proxy',
      help: 'Time from the commit of a change to its acceptance by each proxy.',
      unit: 's',
      queries: [
        [quantile(0.5, 'holdfast_publish_lag_seconds', 'proxy'), '{{proxy}} p50'],
        [quantile(0.99, 'holdfast_publish_lag_seconds', 'proxy'), '{{proxy}} p99'],
      ],
    },
    {
      title: 'Items accepted',
      help: 'Items that proxies accepted, resync and refetch items among them.',
      unit: 'reqps',
      queries: [
        [rate('holdfast_published_items_total', 'proxy'), '{{proxy}}'],
        [rate('holdfast_resync_items_total', 'proxy'), '{{proxy}} resync'],
        [rate('holdfast_refetch_items_total', 'proxy'), '{{proxy}} refetch'],
      ],
    },
    {
      title: 'Publish failures',
      help: 'Publish requests that were not accepted; each is tried again or replaced.',
      unit: 'reqps',
      queries: [[rate('holdfast_publish_failures_total', 'proxy'), '{{proxy}}']],
    },
    {
      title: 'Waiting for a proxy',
      help: 'Feed entries that a proxy has not accepted yet, and environments that it missed.',
      unit: 'short',
      queries: [
        [sum('holdfast_publish_waiting_entries', '', 'proxy'), '{{proxy}} entries'],
        [sum('holdfast_publish_missed_environments', '', 'proxy'), '{{proxy}} missed'],
      ],
    },
  ],
  'Repairs and subscriptions': [
    {
      title: 'Subscriptions',
      help: 'New streams by holder and by where the client stood.',
      unit: 'reqps',
      queries: [[rate('holdfast_subscribes_total', 'hold, decision'), '{{hold}} {{decision}}']],
    },
    {
      title: 'Recoveries',
      help: 'Requests over the recovery link. `current`: a check within T; `behind`: a gap that was repaired.',
      unit: 'reqps',
      queries: [[rate('holdfast_recoveries_total', 'decision'), '{{decision}}']],
    },
    {
      title: 'Holds',
      help: 'Connections at each Pushpin (its own count), and those that nodes hold themselves.',
      unit: 'short',
      queries: [
        ['sum by (instance) (pushpin_connection_connected)', 'pushpin {{instance}}'],
        [sum('holdfast_direct_holds', '', 'instance'), 'direct {{instance}}'],
      ],
    },
    {
      title: 'Direct holds ended and refused',
      help: 'By reason; `slow` is a client that did not read.',
      unit: 'reqps',
      queries: [
        [rate('holdfast_direct_holds_ended_total', 'reason'), '{{reason}}'],
        [rate('holdfast_direct_holds_refused_total'), 'refused'],
      ],
    },
  ],
  'Changes and store': [
    {
      title: 'Commits',
      help: 'Changes committed, and commits that were planned again because another node was first.',
      unit: 'reqps',
      queries: [
        [rate('holdfast_commits_total'), 'commits'],
        [rate('holdfast_commit_conflicts_total'), 'planned again'],
      ],
    },
    {
      title: 'Inbox',
      help: 'Events of other systems, by outcome.',
      unit: 'reqps',
      queries: [
        [rate('holdfast_inbox_committed_total'), 'committed'],
        [rate('holdfast_inbox_repeated_total'), 'repeated'],
        [rate('holdfast_inbox_rejected_total', 'code'), 'rejected: {{code}}'],
      ],
    },
    {
      title: 'Lost by the store',
      help: 'Writes that the store lacked and nodes had. Zero is right.',
      unit: 'short',
      queries: [
        [sum('holdfast_data_lost_total'), 'times'],
        [sum('holdfast_store_recovering_environments'), 'environments recovering'],
        [sum('holdfast_store_missing_environments'), 'environments missing'],
        [sum('holdfast_lost_configs_given_up_total'), 'configs given up'],
      ],
    },
    {
      title: 'Clock offset',
      help: "The store's clock less the node's. Beyond a minute, signatures stop counting.",
      unit: 's',
      queries: [[`holdfast_clock_offset_seconds{${NODES}}`, '{{instance}}']],
    },
  ],
  'HTTP and evaluation': [
    {
      title: 'Requests',
      help: 'Answers by route.',
      unit: 'reqps',
      queries: [[rate('holdfast_http_requests_total', 'route'), '{{route}}']],
    },
    {
      title: 'Errors',
      help: 'Answers of 4xx and 5xx by route and status.',
      unit: 'reqps',
      queries: [
        [rate('holdfast_http_requests_total', 'route, status', ', status=~"[45].."'), '{{status}} {{route}}'],
      ],
    },
    {
      title: 'Duration',
      help: 'Half of the requests, and 99 % of them, are answered within this time; streams count until their head is sent.',
      unit: 's',
      queries: [
        [quantile(0.5, 'http_server_request_duration_seconds', 'http_route'), 'half {{http_route}}'],
        [quantile(0.99, 'http_server_request_duration_seconds', 'http_route'), '99 % {{http_route}}'],
      ],
    },
    {
      title: 'Configs without a value',
      help: 'Evaluations that give a client no value, and evaluations over their budget.',
      unit: 'reqps',
      queries: [
        [rate('holdfast_evaluations_undecided_total', 'why'), '{{why}}'],
        [rate('holdfast_evaluations_over_budget_total'), 'over budget'],
      ],
    },
    {
      title: 'Event loop',
      help: 'The longest time that a callback waited for its turn, and the median.',
      unit: 's',
      queries: [
        [`holdfast_event_loop_delay_seconds{${NODES}, quantile="1"}`, '{{instance}} longest'],
        [`holdfast_event_loop_delay_seconds{${NODES}, quantile="0.5"}`, '{{instance}} median'],
      ],
    },
    {
      title: 'Memory',
      help: 'Resident memory of each process.',
      unit: 'bytes',
      queries: [[`process_resident_memory_bytes{${NODES}}`, '{{instance}}']],
    },
    {
      title: 'Processor',
      help: 'Cores used by each process.',
      unit: 'short',
      queries: [[`rate(process_cpu_seconds_total{${NODES}}[$__rate_interval])`, '{{instance}}']],
    },
  ],
  Copies: [
    {
      title: 'Age of copies in buckets',
      help: 'Time since the oldest change that a bucket lacks. Zero is right.',
      unit: 's',
      queries: [[`max by (bucket) (holdfast_belt_behind_seconds{${NODES}})`, '{{bucket}}']],
    },
    {
      title: 'From commit to copy',
      help: 'Time from the commit of a change to its copy in each bucket, p99.',
      unit: 's',
      queries: [[quantile(0.99, 'holdfast_belt_lag_seconds', 'bucket'), '{{bucket}}']],
    },
    {
      title: 'Belt servers',
      help: 'Sources that answer, and copies in use that none has confirmed.',
      unit: 'short',
      queries: [
        [`sum by (instance) (holdfast_source_up{${NODES}})`, '{{instance}} sources up'],
        [`sum by (instance) (holdfast_copies_stale{${NODES}})`, '{{instance}} stale copies'],
      ],
    },
    {
      title: 'Purging',
      help: 'Surrogate keys that wait to be purged at the CDN, and failed purge requests.',
      unit: 'short',
      queries: [
        [sum('holdfast_purge_waiting_keys'), 'waiting'],
        [rate('holdfast_purge_failures_total'), 'failures per second'],
      ],
    },
  ],
};
