/** The types of the administration. Made by `npm run docs` from docs/reference/openapi.json. Do not edit. */
/** The routes of the administration, by path and method. */
export interface paths {
  '/admin/v1/environments': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Lists environments, ascending by id
     * @description Needs the role viewer.
     */
    get: operations['listEnvironments'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/environments/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Reads an environment without its configs
     * @description Needs the role viewer.
     */
    get: operations['getEnvironment'];
    /**
     * Creates an environment, or replaces its settings
     * @description Needs the role admin.
     */
    put: operations['putEnvironment'];
    post?: never;
    /**
     * Deletes an environment: its configs, settings, keys and history
     * @description Needs the role admin.
     */
    delete: operations['deleteEnvironment'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/environments/{id}/configs': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Reads all configs that are not deleted
     * @description Needs the role viewer.
     */
    get: operations['listConfigs'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/environments/{id}/changes': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Commits configs to an environment: all of them or none
     * @description Needs the role editor.
     */
    post: operations['commitChange'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/environments/{id}/history': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Lists changes, the newest first
     * @description Needs the role viewer.
     */
    get: operations['listHistory'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/environments/{id}/history/{place}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Reads one change by its version
     * @description Needs the role viewer.
     */
    get: operations['getChange'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/environments/{id}/rollback': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Takes changes of configs back, as a new change
     * @description Needs the role editor.
     */
    post: operations['rollback'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/environments/{id}/promote': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Copies configs from another environment, with the segments that they need
     * @description Needs the role editor. A dry run needs the role viewer.
     */
    post: operations['promote'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/environments/{id}/evaluate': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Evaluates configs for a context, and explains each value by the rules
     * @description Needs the role viewer.
     */
    post: operations['evaluate'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/environments/{id}/keys': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Lists the API keys of an environment, without their texts
     * @description Needs the role viewer.
     */
    get: operations['listKeys'];
    put?: never;
    /**
     * Creates an API key
     * @description Needs the role admin.
     */
    post: operations['createKey'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/keys/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Revokes an API key
     * @description Needs the role admin.
     */
    delete: operations['revokeKey'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/environments/{id}/fleet': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Lists where the holds of an environment stand, by key and proxy
     * @description Needs the role viewer.
     */
    get: operations['getFleet'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/delivery': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Returns the state of all nodes, proxies and buckets, and the last changes on their way
     * @description Needs the role viewer.
     */
    get: operations['getDelivery'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/delivery/events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Streams the state of delivery: an event `snapshot`, then `change` at most once a second
     * @description Needs the role viewer.
     */
    get: operations['watchDelivery'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/rejected': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Lists the oldest rejected events of the inbox
     * @description Needs the role viewer, for all environments.
     */
    get: operations['listRejected'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/rejected/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Removes a rejected event for good
     * @description Needs the role editor, for all environments.
     */
    delete: operations['dropRejected'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/rejected/{id}/retry': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Puts a rejected event back into the inbox, behind all others
     * @description Needs the role editor, for all environments.
     */
    post: operations['retryRejected'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/restore': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Writes environments and keys back that the store lost, from the memory of this node
     * @description Needs the role admin, for all environments.
     */
    post: operations['restore'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/self': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Reads the operator whose token the request has
     * @description Needs the role viewer.
     */
    get: operations['getSelf'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/operators': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Lists operators by name, without their tokens
     * @description Needs the role admin, for all environments.
     */
    get: operations['listOperators'];
    put?: never;
    /**
     * Creates an operator with a token
     * @description Needs the role admin, for all environments.
     */
    post: operations['createOperator'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/operators/{name}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    /**
     * Changes role, environments or expiry of an operator; what is left out stays
     * @description Needs the role admin, for all environments.
     */
    put: operations['changeOperator'];
    post?: never;
    /**
     * Removes an operator: its token is refused within a second on every node
     * @description Needs the role admin, for all environments.
     */
    delete: operations['revokeOperator'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/operators/{name}/rotate': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Gives an operator a new token; the old one is refused
     * @description Needs the role admin, for all environments.
     */
    post: operations['rotateToken'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/audit': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Lists the audit trail, newest first
     * @description Needs the role admin.
     */
    get: operations['listAudit'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/sign-in': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Says with which issuer people can sign in, if with any
     * @description Needs no token.
     */
    get: operations['getSignIn'];
    put?: never;
    /**
     * Exchanges a code that works once for a token: one that a start of the node printed, or one of a sign-in with the issuer
     * @description Needs no token.
     */
    post: operations['signIn'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/sign-out': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Ends the session of the token that the request has; the token of an operator stays
     * @description Needs the role viewer.
     */
    post: operations['signOut'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/oidc/start': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Sends a browser to the issuer to sign in
     * @description Needs no token.
     */
    get: operations['startOidc'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/oidc/callback': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Takes a browser back from the issuer, and sends it to the console with a code or a refusal
     * @description Needs no token.
     */
    get: operations['finishOidc'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Lists the sessions of people who signed in with the issuer, the newest first
     * @description Needs the role admin, for all environments.
     */
    get: operations['listSessions'];
    put?: never;
    post?: never;
    /**
     * Ends all sessions, or all of one person: their tokens are refused within a second on every node
     * @description Needs the role admin, for all environments.
     */
    delete: operations['endSessions'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/v1/sessions/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Ends a session: its token is refused within a second on every node
     * @description Needs the role admin, for all environments.
     */
    delete: operations['endSession'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
/** The schemas that routes share. */
export interface components {
  schemas: {
    AuditEntry: {
      id: string;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      at: string;
      action: string;
      /** @description Empty for a refused credential. */
      operator: string;
      /** @description An int64 as decimal text. */
      environment?: string;
      subject?: string;
      details?: {
        [key: string]: string;
      };
    };
    Committed: {
      /** @description An int64 as decimal text. */
      previous: string;
      /** @description An int64 as decimal text. */
      version: string;
      readonly configs: {
        key: string;
        /** @description An int64 as decimal text. */
        id: string;
      }[];
      readonly absent?: string[];
      /** @constant */
      unchanged?: true;
    };
    ConfigDifference: {
      key: string;
      /** @enum {string} */
      kind: 'added' | 'changed' | 'deleted';
      /** @description The difference in words. */
      readonly lines: string[];
      /** @description Proto3-JSON of a Config. */
      before?: {
        key: string;
        id?: string;
      } & {
        [key: string]: unknown;
      };
      /** @description Proto3-JSON of a Config. */
      after?: {
        key: string;
        id?: string;
      } & {
        [key: string]: unknown;
      };
    };
    /** @description Proto3-JSON of a Configs message. */
    Configs: {
      configs: ({
        key: string;
        /** @description An int64 as decimal text. */
        id: string;
      } & {
        [key: string]: unknown;
      })[];
    } & {
      [key: string]: unknown;
    };
    CreatedEnvironment: {
      /** @description An int64 as decimal text. */
      id: string;
      /** @description An int64 as decimal text. */
      projectId: string;
      name: string;
      /** @description An int64 as decimal text. */
      version: string;
      /** @description The number of configs that are not deleted. */
      configs: number;
      /** @description Names these settings, for `If-Match` of a change: others have another revision. */
      revision: string;
      /** @description Proto3-JSON of a ContextSet. */
      defaultContext?: unknown;
      /**
       * @description There are keys of the environment, so the store had lost it. It begins at version 0; nodes that have its configs in memory commit them again.
       * @constant
       */
      wasLost?: true;
    };
    /** @description An environment of which the store holds what Holdfast did not write. */
    DamagedEnvironment: {
      /** @description An int64 as decimal text. */
      id?: string;
      /** @description As far as it can be read. */
      name: string;
      /** @description A sentence with the remedy. */
      problem: string;
    };
    Delivery: {
      /** @description The id of the node that answers. */
      answeredBy: string;
      /** @description The time within which a hold notices that it missed something. */
      stalenessSeconds: number;
      nodes: components['schemas']['DeliveryNode'][];
      /** @description The last changes, the newest first. */
      changes: components['schemas']['DeliveryChange'][];
      /** @description Why other nodes are unknown, or their reports old. */
      error?: string;
    };
    DeliveryChange: {
      /** @description An int64 as decimal text. */
      environment: string;
      /** @description An int64 as decimal text. */
      version: string;
      /**
       * Format: date-time
       * @description The time of the commit.
       */
      at: string;
      configs: number;
      /** @description Milliseconds from the commit until the leader had it. */
      appliedMs?: number;
      proxies: {
        proxy: string;
        /** @description Milliseconds from the commit until the proxy accepted it. */
        acceptedMs?: number;
      }[];
    };
    DeliveryNode: {
      /** @description Unique to the process. */
      id: string;
      /** @description Its host and port. */
      name: string;
      version: string;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      startedAt: string;
      /** @enum {string} */
      status: 'starting' | 'ready' | 'degraded' | 'stopping';
      problems: {
        /** @description One of the parts that readiness names. */
        part: string;
        reason: string;
      }[];
      leader: boolean;
      store: string;
      /** @description Milliseconds since it last knew that the feed has nothing newer. */
      feedLagMs: number;
      /** @description Environments in memory. */
      environments: number;
      directHolds: number;
      /** @description Requests over the recovery link that had something to send, in a minute. */
      recoveriesPerMinute: number;
      /** @description Of the node that leads. */
      proxies: {
        proxy: string;
        /** @enum {string} */
        state: 'ok' | 'failing';
        /** @description Feed entries that it has not accepted yet. */
        waiting: number;
        /** @description Environments that wait for a resync. */
        missed: number;
        /** @description Resync items of the last minute. */
        repairsPerMinute: number;
        error?: string;
        /** @description The last change that it accepted. */
        accepted?: {
          /** @description An int64 as decimal text. */
          environment: string;
          /** @description An int64 as decimal text. */
          version: string;
          /**
           * Format: date-time
           * @description ISO 8601, UTC.
           */
          at: string;
          /** @description Milliseconds since its commit. */
          lagMs: number;
        };
        /** @description Connections that it holds, where that is known. */
        holds?: number;
        /** @description The canary's hold through it, where there is one. */
        canary?: {
          /** @enum {string} */
          state: 'ok' | 'silent' | 'waiting';
          /** @description From the commit of the canary's last change until it arrived. */
          lastMs?: number;
          /** @description The age of its oldest change that has not arrived. */
          waitingMs: number;
          error?: string;
        };
      }[];
      /** @description Of the process that writes copies. */
      buckets: {
        bucket: string;
        /** @enum {string} */
        state: 'ok' | 'failing';
        /** @description Environments that changed and are not copied yet. */
        behindEnvironments: number;
        /** @description Milliseconds since the oldest change that is not copied yet. */
        behindMs: number;
        /** @description Environments of which the bucket has what the store lost. */
        aheadEnvironments: number;
        /** @description Milliseconds since all copies were last compared with the store. */
        checkedMs?: number;
        error?: string;
      }[];
      inbox?: {
        waiting: number;
        rejected: number;
        error?: string;
      };
      /** @description Milliseconds since it reported this. */
      ageMs: number;
    };
    Environment: {
      /** @description An int64 as decimal text. */
      id: string;
      /** @description An int64 as decimal text. */
      projectId: string;
      name: string;
      /** @description An int64 as decimal text. */
      version: string;
      /** @description The number of configs that are not deleted. */
      configs: number;
      /** @description Names these settings, for `If-Match` of a change: others have another revision. */
      revision: string;
      /** @description Proto3-JSON of a ContextSet. */
      defaultContext?: unknown;
    };
    Error: {
      error: {
        /** @enum {string} */
        code:
          | 'body_invalid'
          | 'field_invalid'
          | 'key_empty'
          | 'key_duplicate'
          | 'rows_missing'
          | 'rows_unexpected'
          | 'row_environment'
          | 'value_type_mismatch'
          | 'value_invalid'
          | 'weights_invalid'
          | 'operator_unsupported'
          | 'condition_invalid'
          | 'flag_file_invalid'
          | 'segment_missing'
          | 'segment_circular'
          | 'targeting_key_missing'
          | 'unauthorized'
          | 'forbidden'
          | 'link_invalid'
          | 'environment_unknown'
          | 'not_found'
          | 'method_not_allowed'
          | 'id_conflict'
          | 'too_many_api_keys'
          | 'too_many_configs'
          | 'too_many_deletions'
          | 'history_missing'
          | 'rollback_conflict'
          | 'version_mismatch'
          | 'change_too_large'
          | 'config_too_large'
          | 'idempotency_mismatch'
          | 'rate_limited'
          | 'internal'
          | 'store_damaged'
          | 'direct_hold_refused'
          | 'busy'
          | 'bucket_unavailable'
          | 'copy_damaged'
          | 'copy_too_large'
          | 'issuer_unavailable'
          | 'no_streams'
          | 'signature_refused'
          | 'store_unavailable';
        /** @description For people: the problem, and what would be right. */
        message: string;
        /** @description The path of the offending field, header or parameter. */
        field?: string;
      } & {
        [key: string]: unknown;
      };
    };
    ExplainedEvaluation: {
      key: string;
      /** @enum {string} */
      reason: 'STATIC' | 'TARGETING_MATCH' | 'SPLIT' | 'DEFAULT' | 'ERROR';
      value?: unknown;
      /** @description The value in words. */
      text?: string;
      /** @constant */
      confidential?: true;
      /** @enum {string} */
      unresolved?: 'missing' | 'unmatched' | 'withheld' | 'unreadable';
      rule?: {
        /** @description Counted from 0 in the order in which rules are tried. */
        index: number;
        /** @description The rule in words. */
        text: string;
        /** @description The segments that its conditions ask for, which `segments` explains. */
        segments?: string[];
      };
      earlier: {
        /** @description Counted from 0 in the order in which rules are tried. */
        index: number;
        /** @description The rule in words. */
        text: string;
        /** @description The first condition that does not hold, in words. */
        failed: string;
        /** @description What the context has; absent: nothing. */
        actual?: string;
        /** @description The segment that the condition asks for, which `segments` explains. */
        segment?: string;
      }[];
    };
    ExplainedSegment: {
      key: string;
      member: boolean;
      /** @enum {string} */
      unresolved?: 'missing' | 'unmatched' | 'withheld' | 'unreadable';
      rule?: {
        /** @description Counted from 0 in the order in which rules are tried. */
        index: number;
        /** @description The rule in words. */
        text: string;
        /** @description The segments that its conditions ask for, which `segments` explains. */
        segments?: string[];
      };
      earlier: {
        /** @description Counted from 0 in the order in which rules are tried. */
        index: number;
        /** @description The rule in words. */
        text: string;
        /** @description The first condition that does not hold, in words. */
        failed: string;
        /** @description What the context has; absent: nothing. */
        actual?: string;
        /** @description The segment that the condition asks for, which `segments` explains. */
        segment?: string;
      }[];
    };
    Fleet: {
      /** @description An int64 as decimal text. */
      version: string;
      stalenessSeconds: number;
      /** @description The sums of all entries: at least so many. */
      holds: {
        current: number;
        under_t: number;
        over_t: number;
      };
      entries: {
        key: {
          id: string;
          name?: string;
        };
        /** @description The address that its requests come from; direct: a node holds. */
        proxy: string;
        /** @enum {string} */
        stream: 'configs' | 'clients';
        /** @description Where they stand: the id of the last event. */
        version: string;
        /** @enum {string} */
        lag: 'current' | 'under_t' | 'over_t';
        /** @description There are at least so many; of direct holds exactly so many. */
        holds: number;
        /** @description Milliseconds since the last of them was heard of. */
        heardMs: number;
      }[];
      /** @description True when there are entries that are not listed. */
      truncated: boolean;
    };
    HistoryEntry: {
      /** @description Its place in the history. */
      id: string;
      /** @description An int64 as decimal text. */
      version: string;
      /** @description An int64 as decimal text. */
      previous: string;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      at: string;
      author: string;
      message?: string;
      /** @enum {string} */
      source: 'http' | 'inbox' | 'restore' | 'rollback' | 'promote' | 'settings';
      configs: components['schemas']['ConfigDifference'][];
      /** @description Changed configs that are not shown. */
      more?: number;
      /**
       * @description It was kept without its configs.
       * @constant
       */
      isTooLarge?: true;
      settings?: {
        before?: {
          /** @description An int64 as decimal text. */
          projectId: string;
          name: string;
          defaultContext?: unknown;
        };
        after: {
          /** @description An int64 as decimal text. */
          projectId: string;
          name: string;
          defaultContext?: unknown;
        };
      };
    };
    IssuedKey: {
      id: string;
      /** @description An int64 as decimal text. */
      environment: string;
      /** @enum {string} */
      kind: 'server' | 'client';
      name: string;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description The key is refused from then on; absent: never.
       */
      expiresAt?: string;
      /**
       * Format: date-time
       * @description Of lists: the last request or check of a stream with it, noted once a minute; absent: none.
       */
      lastUsedAt?: string;
      /**
       * Format: date-time
       * @description A key that expired has the time of `expiresAt`.
       */
      revokedAt?: string;
      /** @description The key itself, which is shown once. */
      key: string;
    };
    IssuedToken: {
      name: string;
      /** @enum {string} */
      role: 'viewer' | 'editor' | 'admin';
      environments: 'all' | string[];
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      expiresAt?: string;
      /** @description Names these settings, for `If-Match` of a change: others have another revision. */
      revision: string;
      /**
       * Format: date
       * @description The day on which the token was last used.
       */
      lastUsedOn?: string;
      /** @description The token itself, which is shown once. */
      token: string;
    };
    Key: {
      id: string;
      /** @description An int64 as decimal text. */
      environment: string;
      /** @enum {string} */
      kind: 'server' | 'client';
      name: string;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description The key is refused from then on; absent: never.
       */
      expiresAt?: string;
      /**
       * Format: date-time
       * @description Of lists: the last request or check of a stream with it, noted once a minute; absent: none.
       */
      lastUsedAt?: string;
      /**
       * Format: date-time
       * @description A key that expired has the time of `expiresAt`.
       */
      revokedAt?: string;
    };
    OfrepError: {
      key?: string;
      /** @enum {string} */
      errorCode: 'PARSE_ERROR' | 'TARGETING_KEY_MISSING' | 'INVALID_CONTEXT' | 'FLAG_NOT_FOUND' | 'GENERAL';
      errorDetails: string;
    };
    OfrepFlag: {
      key: string;
      value?: unknown;
      reason: string;
      variant?: string;
      metadata?: {
        [key: string]: unknown;
      };
    };
    OfrepRequest: {
      context?: {
        targetingKey?: string;
      } & {
        [key: string]: unknown;
      };
    } & {
      [key: string]: unknown;
    };
    Operator: {
      name: string;
      /** @enum {string} */
      role: 'viewer' | 'editor' | 'admin';
      environments: 'all' | string[];
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      expiresAt?: string;
      /** @description Names these settings, for `If-Match` of a change: others have another revision. */
      revision: string;
      /**
       * Format: date
       * @description The day on which the token was last used.
       */
      lastUsedOn?: string;
    };
    Preview: {
      /** @constant */
      dryRun: true;
      /** @description The version that it would be made at. */
      version: string;
      /** @constant */
      unchanged?: true;
      configs: components['schemas']['ConfigDifference'][];
      /** @description Changed configs that are not shown. */
      more?: number;
      readonly absent?: string[];
    };
    Readiness: {
      status: string;
    } & {
      [key: string]: unknown;
    };
    RejectedEvent: {
      id: string;
      /** @description The place that it had in the inbox. */
      event: string;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      at: string;
      error: {
        code: string;
        message: string;
        field?: string;
      };
      fields: {
        name: string;
        /** @description The length of the whole value. */
        bytes: number;
        text?: string;
        base64?: string;
      }[];
    };
    Restored: {
      environments: {
        /** @description An int64 as decimal text. */
        id: string;
        /** @description An int64 as decimal text. */
        version: string;
      }[];
      /** @description Keys and revocations that were written. */
      keys: number;
    };
    Self: {
      name: string;
      /** @enum {string} */
      role: 'viewer' | 'editor' | 'admin';
      environments: 'all' | string[];
      /**
       * Format: date-time
       * @description The token is refused from then on.
       */
      expiresAt?: string;
    };
    Session: {
      id: string;
      name: string;
      /** @enum {string} */
      role: 'viewer' | 'editor' | 'admin';
      environments: 'all' | string[];
      /** @description What gave the role: a claim of the issuer with its value. */
      claim: string;
      issuer: string;
      /** @description The issuer's lasting name for the person. */
      subject: string;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      createdAt: string;
      /**
       * Format: date-time
       * @description ISO 8601, UTC.
       */
      expiresAt: string;
    };
    SignedIn: {
      name: string;
      /** @enum {string} */
      role: 'viewer' | 'editor' | 'admin';
      environments: 'all' | string[];
      /**
       * Format: date-time
       * @description The token is refused from then on.
       */
      expiresAt?: string;
      token: string;
    };
    SignedOut: {
      /** @description False: it is the token of an operator. */
      ended: boolean;
    };
    WaysToSignIn: {
      oidc?: {
        /** @description For the link: "Sign in with <label>". */
        label: string;
        /** @description Where a browser begins. */
        url: string;
      };
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
/** The routes of the administration, by the ids of their operations. */
export interface operations {
  listEnvironments: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            environments: components['schemas']['Environment'][];
            damaged?: components['schemas']['DamagedEnvironment'][];
          };
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  getEnvironment: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description An environment, by number or by name. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Environment'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  putEnvironment: {
    parameters: {
      query?: never;
      header?: {
        /** @description Changes the settings only if they still are of this revision. */
        'If-Match'?: string;
      };
      path: {
        /** @description An environment, by number or by name. */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description An id: decimal text, or a number up to 2^53. */
          projectId: string | number;
          name: string & (unknown & unknown);
          /** @description Proto3-JSON of a ContextSet. */
          defaultContext?: unknown;
          /** @description Why, for the history. */
          message?: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Environment'];
        };
      };
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['CreatedEnvironment'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `version_mismatch` */
      412: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `change_too_large`, `config_too_large` */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `busy`, `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  deleteEnvironment: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description An environment, by number or by name. */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description The name or the number of the environment. */
          confirm: string;
          /** @description Why, for the audit trail: the history goes too. */
          message?: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description An int64 as decimal text. */
            id: string;
            /** @description It goes on above this version, should it come back. */
            version: string;
            revokedKeys: number;
          };
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `change_too_large` */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `busy`, `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  listConfigs: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description An environment, by number or by name. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          /** @description The environment's version, in quotes. */
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Configs'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  commitChange: {
    parameters: {
      query?: {
        /** @description Answers with the differences, and commits nothing. */
        dryRun?: 'true' | 'false';
      };
      header?: {
        /** @description Commits only at this version: the ETag of configs or of a change. */
        'If-Match'?: string;
        /** @description A repeat with the same key within 24 hours gets the first answer. */
        'Idempotency-Key'?: string;
        /** @description Why, for the history: UTF-8, percent-encoded. */
        'Holdfast-Message'?: string;
      };
      path: {
        /** @description An environment, by number or by name. */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          configs: ({
            key: string;
          } & {
            [key: string]: unknown;
          })[];
        };
        'application/x-protobuf': unknown;
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          /** @description The new version, in quotes. */
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Committed'] | components['schemas']['Preview'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `id_conflict`, `too_many_configs` */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `version_mismatch` */
      412: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `change_too_large`, `config_too_large` */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `idempotency_mismatch` */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `busy`, `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  listHistory: {
    parameters: {
      query?: {
        /** @description Changes of this config only. */
        key?: string;
        /** @description Changes of this author only. */
        author?: string;
        /** @description Changes before this place: `next` of a page. */
        before?: string;
        /** @description At most so many, 20 unless given; from 1 to 100. */
        limit?: string;
      };
      header?: never;
      path: {
        /** @description An environment, by number or by name. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            changes: components['schemas']['HistoryEntry'][];
            /** @description Where the next page begins. There may be one. */
            next?: string;
          };
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  getChange: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description An environment, by number or by name. */
        id: string;
        place: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['HistoryEntry'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown`, `not_found` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  rollback: {
    parameters: {
      query?: never;
      header?: {
        /** @description Commits only at this version: the ETag of configs or of a change. */
        'If-Match'?: string;
      };
      path: {
        /** @description An environment, by number or by name. */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description Take back everything after this version. */
          to?: string | number;
          /** @description With `to`: of these configs only. */
          keys?: string[];
          /** @description Take back the one change to this version. */
          undo?: string | number;
          /** @description Why, for the history. */
          message?: string;
          /**
           * @description Answers with the differences, and commits nothing.
           * @default false
           */
          dryRun?: boolean;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          /** @description The version afterwards, in quotes. */
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Committed'] | components['schemas']['Preview'];
        };
      };
      /** @description `field_invalid`, `body_invalid`, `segment_missing` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `history_missing`, `rollback_conflict` */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `version_mismatch` */
      412: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `change_too_large` */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `busy`, `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  promote: {
    parameters: {
      query?: never;
      header?: {
        /** @description Commits only at this version: the ETag of configs or of a change. */
        'If-Match'?: string;
      };
      path: {
        /** @description An environment, by number or by name. */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description The environment whose configs are promoted. */
          from: string | number;
          /** @description These configs, and the segments that they need. Default: all. */
          keys?: string[];
          /**
           * @description Delete what the source has not.
           * @default false
           */
          deletions?: boolean;
          /** @description Why, for the history. */
          message?: string;
          /**
           * @description Answers with the differences, and commits nothing.
           * @default false
           */
          dryRun?: boolean;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          /** @description The version afterwards, in quotes. */
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Committed'] | components['schemas']['Preview'];
        };
      };
      /** @description `field_invalid`, `body_invalid`, `segment_missing` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `version_mismatch` */
      412: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `change_too_large`, `config_too_large` */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `busy`, `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  evaluate: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description An environment, by number or by name. */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description A context as OpenFeature has it: targetingKey and attributes. */
          context?: unknown;
          /** @description Typed contexts: the contexts of a ContextSet in proto3-JSON. */
          contexts?: unknown;
          /** @description The keys of the configs; all that are not deleted unless given. */
          keys?: string[];
          /** @description A change in proto3-JSON that is not made: the values are those after it. `keys` then defaults to its keys. */
          configs?: unknown[];
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description An int64 as decimal text. */
            environment: string;
            /** @description An int64 as decimal text. */
            version: string;
            evaluations: components['schemas']['ExplainedEvaluation'][];
            /** @description The segments that the first conditions which do not hold ask for, those of the rules that decided, and those that these ask for. */
            segments: components['schemas']['ExplainedSegment'][];
            ignored?: string[];
          };
        };
      };
      /** @description `field_invalid`, `body_invalid`, `segment_missing` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `change_too_large`, `config_too_large` */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `busy`, `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  listKeys: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description An environment, by number or by name. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            keys: components['schemas']['Key'][];
          };
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  createKey: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description An environment, by number or by name. */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @enum {string} */
          kind: 'server' | 'client';
          /** @default  */
          name?: string;
          /** @description The key is refused from then on; null: never. */
          expiresAt?: string | null;
        };
      };
    };
    responses: {
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['IssuedKey'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `too_many_api_keys` */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `change_too_large` */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  revokeKey: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Key'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `not_found` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  getFleet: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description An environment, by number or by name. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Fleet'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  getDelivery: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Delivery'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  watchDelivery: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'text/event-stream': string;
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `busy`, `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  listRejected: {
    parameters: {
      query?: {
        /** @description At most so many, 50 unless given; from 1 to 200. */
        count?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            total: number;
            events: components['schemas']['RejectedEvent'][];
          };
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `not_found` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  dropRejected: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            id: string;
          };
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `not_found` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  retryRejected: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            id: string;
            event: string;
          };
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `not_found` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  restore: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Restored'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  getSelf: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Self'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  listOperators: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            operators: components['schemas']['Operator'][];
          };
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  createOperator: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          name: string;
          /** @enum {string} */
          role: 'viewer' | 'editor' | 'admin';
          /** @description "all", those to come too, or a list. A name stands for the number that has it now. */
          environments?: 'all' | (string | number)[];
          /** @description The token is refused from then on; null: never. */
          expiresAt?: string | null;
        };
      };
    };
    responses: {
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['IssuedToken'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `change_too_large` */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `busy`, `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  changeOperator: {
    parameters: {
      query?: never;
      header?: {
        /** @description Changes the settings only if they still are of this revision. */
        'If-Match'?: string;
      };
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @enum {string} */
          role?: 'viewer' | 'editor' | 'admin';
          /** @description "all", those to come too, or a list. A name stands for the number that has it now. */
          environments?: 'all' | (string | number)[];
          /** @description The token is refused from then on; null: never. */
          expiresAt?: string | null;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Operator'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `not_found`, `environment_unknown` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `version_mismatch` */
      412: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `change_too_large` */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `busy`, `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  revokeOperator: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Operator'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `not_found` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `busy`, `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  rotateToken: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description The token is refused from then on; null: never. */
          expiresAt?: string | null;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['IssuedToken'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `not_found` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `change_too_large` */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `busy`, `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  listAudit: {
    parameters: {
      query?: {
        /** @description At most so many, 50 unless given; from 1 to 500. */
        count?: string;
        /** @description Only entries older than that one. */
        before?: string;
        /** @description The name of an operation, or refuseCredential. */
        action?: string;
        operator?: string;
        subject?: string;
        environment?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            entries: components['schemas']['AuditEntry'][];
            /** @description The value of before for what is older. */
            next?: string;
          };
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  getSignIn: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['WaysToSignIn'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  signIn: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          code: string;
        };
      };
    };
    responses: {
      /** @description Created. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SignedIn'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `change_too_large` */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `busy`, `issuer_unavailable`, `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  signOut: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SignedOut'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  startOidc: {
    parameters: {
      query?: {
        /** @description The page of the console to return to. */
        return?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The browser goes elsewhere. */
      302: {
        headers: {
          /** @description Where the browser goes next. */
          Location?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `not_found` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `rate_limited` */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  finishOidc: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The browser goes elsewhere. */
      302: {
        headers: {
          /** @description Where the browser goes next. */
          Location?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `not_found` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `rate_limited` */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  listSessions: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            sessions: components['schemas']['Session'][];
          };
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  endSessions: {
    parameters: {
      query?: {
        /** @description Only those of the person with that name. */
        name?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            ended: components['schemas']['Session'][];
          };
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
  endSession: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Session'];
        };
      };
      /** @description `field_invalid`, `body_invalid` */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `unauthorized` */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `forbidden` */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `not_found` */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `internal`, `store_damaged` */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
      /** @description `store_unavailable` */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Error'];
        };
      };
    };
  };
}
