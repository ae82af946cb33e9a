/**
 * The part of the store's port through which other systems change rulesets. Only stores of several
 * processes have it.
 */

/**
 * The reason why an inbox event cannot be decided: it is `decided` (committed, rejected or taken
 * back) already, or it is `early`, because an older one is undecided.
 */
export type Standing = 'decided' | 'early';

/** A ruleset-change event as another system added it. */
export interface InboxEvent {
  /** Its place in the inbox; ascending. */
  readonly id: string;
  /** The length of all names and values together. */
  readonly bytes: number;
  /**
   * Names and values in their order; a name may come twice. `undefined` when there are more bytes
   * than were asked for.
   */
  readonly fields: readonly EventField[] | undefined;
}

/** One name and value of an inbox event. */
export interface EventField {
  readonly name: Buffer;
  readonly value: Buffer;
}

/** A reader of the inbox. */
export interface InboxReader {
  /** Unique to this process. */
  readonly consumer: string;
  /** Events with more bytes come without their fields. */
  readonly maxBytes: number;
  /**
   * The id after which the next signal begins; `undefined`: with the oldest event. Asked before
   * each signal.
   */
  readonly after: () => string | undefined;
}

/** One step of following the inbox. */
export type InboxSignal =
  | {
      readonly kind: 'events';
      /** The oldest undecided ones after that place, oldest first; none when there are none. */
      readonly events: readonly InboxEvent[];
      readonly counts: InboxCounts;
    }
  /** The inbox cannot be read; it is tried again. Sent once per outage; `events` ends it. */
  | { readonly kind: 'away'; readonly error: Error };

/** The sizes of the inbox. */
export interface InboxCounts {
  /** Events that are not decided. */
  readonly waiting: number;
  /** Rejected events that were neither retried nor dropped. */
  readonly rejected: number;
}

/** The reason for which an event is rejected. */
export interface Rejection {
  readonly code: string;
  readonly message: string;
  readonly field: string | undefined;
  /** ISO 8601. */
  readonly at: string;
}

/** A rejected event, with as much of it as a person needs to recognise it. */
export interface RejectedEvent extends Rejection {
  /** Its place among the rejected ones. */
  readonly id: string;
  /** The place that it had in the inbox. */
  readonly event: string;
  /** The first of the event's own fields, long values cut. */
  readonly fields: readonly (EventField & {
    /** The length of the whole value. */
    readonly bytes: number;
  })[];
}

/**
 * Inbox is the place where other systems put ruleset-change events. An event stays in it until it
 * is decided: committed (`Commit.event`), acknowledged or rejected, each in one step which happens
 * at most once per event, and only if all older undecided events are among those that the reader
 * passed over because they are of other environments. So a reader that is interrupted anywhere
 * reads again and goes on.
 */
export interface Inbox {
  /**
   * The undecided events from the oldest one on: those not decided when the next signal is asked
   * for come again. A signal at least every two seconds while the store can be reached. Ends
   * without error when `signal` aborts. Never throws.
   */
  follow(reader: InboxReader, signal: AbortSignal): AsyncIterable<InboxSignal>;
  /**
   * Removes an event that needs no commit.
   *
   * @param passed older undecided events of other environments
   */
  acknowledge(event: string, passed?: readonly string[]): Promise<'acknowledged' | Standing>;
  /**
   * Moves an event to the rejected ones, with all its fields.
   *
   * @param passed older undecided events of other environments
   */
  reject(event: string, rejection: Rejection, passed?: readonly string[]): Promise<'rejected' | Standing>;
  /**
   * Adds an event to the rejected ones that was never in the inbox. A retry puts it there.
   *
   * @returns its id among them
   */
  addRejected(fields: readonly EventField[], rejection: Rejection): Promise<string>;

  /** The oldest rejected events, at most `count`, and the number of all. */
  rejected(count: number): Promise<{ total: number; events: readonly RejectedEvent[] }>;
  /**
   * Puts a rejected event back into the inbox, behind all others, as it was. `fixed`: it is not in
   * a form that can be put back.
   */
  retry(id: string): Promise<{ kind: 'retried'; event: string } | { kind: 'absent' } | { kind: 'fixed' }>;
  /** Removes a rejected event for good; false when there is none of that id. */
  drop(id: string): Promise<boolean>;
}
