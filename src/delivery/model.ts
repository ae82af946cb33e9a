/** The states of delivery that nodes report to each other, as JSON. [protocol] #delivery */

/** A GRIP proxy, as the leader knows it. */
export interface ProxyReport {
  readonly proxy: string;
  readonly state: 'ok' | 'failing';
  /** Feed entries that it has not accepted yet. */
  readonly waiting: number;
  /** Environments that wait for a resync. */
  readonly missed: number;
  /** Resync items of the last minute. */
  readonly repairsPerMinute: number;
  readonly error?: string | undefined;
  /** The last change that it accepted. */
  readonly accepted?: AcceptedReport | undefined;
  /** Connections that it holds, where that is known. */
  readonly holds?: number | undefined;
  /** The canary's hold through it, where there is one. */
  readonly canary?: CanaryReport | undefined;
}

/** The canary at one proxy. */
export interface CanaryReport {
  /** `silent`: a change has not arrived for longer than T. `waiting`: no stream is open. */
  readonly state: 'ok' | 'silent' | 'waiting';
  /** Milliseconds from the commit of the canary's last change until it arrived. */
  readonly lastMs?: number | undefined;
  /** The age of its oldest change that has not arrived, milliseconds. */
  readonly waitingMs: number;
  /** The reason why no stream is open. */
  readonly error?: string | undefined;
}

/** A change that was accepted by a proxy. */
export interface AcceptedReport {
  readonly environment: string;
  readonly version: string;
  readonly at: string;
  /** Milliseconds since its commit. */
  readonly lagMs: number;
}

/** A bucket, as the node that writes copies knows it. */
export interface BucketReport {
  readonly bucket: string;
  readonly state: 'ok' | 'failing';
  /** Environments that changed and are not copied yet. */
  readonly behindEnvironments: number;
  /** Milliseconds since the oldest change that is not copied yet: the age of the copies. */
  readonly behindMs: number;
  /** Environments of which the bucket has what the store lost. */
  readonly aheadEnvironments: number;
  /** Milliseconds since all copies were last compared with the store. */
  readonly checkedMs?: number | undefined;
  readonly error?: string | undefined;
}

/** A reason for which a node is degraded, in words. */
export interface ProblemReport {
  /** One of those that readiness names. */
  readonly part: string;
  readonly reason: string;
}

/** The state of one process. */
export interface NodeReport {
  /** Unique to the process. */
  readonly id: string;
  /** Its host and port. */
  readonly name: string;
  readonly version: string;
  readonly startedAt: string;
  readonly status: 'starting' | 'ready' | 'degraded' | 'stopping';
  readonly problems: readonly ProblemReport[];
  readonly leader: boolean;
  readonly store: string;
  /** Milliseconds since it last knew that the feed has nothing newer. */
  readonly feedLagMs: number;
  readonly environments: number;
  readonly directHolds: number;
  /** Requests over the recovery link that had something to send, in the last minute. */
  readonly recoveriesPerMinute: number;
  /** The proxies that it publishes to, while it leads. */
  readonly proxies: readonly ProxyReport[];
  /** The buckets that it copies to, while it has the belt's lease. */
  readonly buckets: readonly BucketReport[];
  /** The inbox, while it leads. */
  readonly inbox?:
    | {
        readonly waiting: number;
        readonly rejected: number;
        readonly error?: string | undefined;
      }
    | undefined;
}

/** The arrival of a change at a proxy. */
export interface ArrivalReport {
  readonly proxy: string;
  /** Milliseconds from the commit until the proxy accepted it. */
  readonly acceptedMs?: number | undefined;
}

/** One change on its way. */
export interface ChangeReport {
  readonly environment: string;
  readonly version: string;
  /** The time of the commit. */
  readonly at: string;
  /** The number of its configs. */
  readonly configs: number;
  /** Milliseconds from the commit until the leader had it in memory. */
  readonly appliedMs?: number | undefined;
  readonly proxies: readonly ArrivalReport[];
}

/** A node of the installation, as another one reads of it. */
export interface ListedNode extends NodeReport {
  /** Milliseconds since it reported this. */
  readonly ageMs: number;
}

/** The state of delivery in the whole installation. */
export interface DeliveryState {
  /** The node that answers. */
  readonly answeredBy: string;
  /** The time within which a hold notices that it missed something, seconds. */
  readonly stalenessSeconds: number;
  readonly nodes: readonly ListedNode[];
  /** The newest first. */
  readonly changes: readonly ChangeReport[];
  /** The reason for which other nodes are unknown or old: the store cannot be read. */
  readonly error?: string | undefined;
}
