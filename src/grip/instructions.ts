/** The instructions that make a GRIP proxy hold a connection, as values. [protocol] #holds */

/**
 * The instructions of one hold. The response that carries them replaces those of the response
 * before.
 */
export interface HoldInstructions {
  readonly channels: readonly ChannelPosition[];
  readonly keepAlive: {
    /** The text that the proxy sends into an idle stream. */
    readonly text: string;
    /** Seconds of idleness before it is sent. */
    readonly seconds: number;
  };
  /**
   * The link that the proxy fetches when an item does not follow the hold's position, and after the
   * timeout.
   */
  readonly link: {
    readonly path: string;
    /** Whole seconds, at least 1: 0 would be no timeout. */
    readonly timeout: number;
  };
}

/** A channel, and the id that its next item must follow. */
export interface ChannelPosition {
  readonly name: string;
  readonly prevId: string;
}
