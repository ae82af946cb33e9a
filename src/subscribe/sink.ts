/** The connection of a direct hold, as the hold sees it. */

/** A response that is being streamed. */
export interface Sink {
  /** Writes text. False: nothing more should be written before `onDrain`. */
  write(text: string): boolean;
  /** Ends the stream properly. */
  end(): void;
  /** Cuts the connection. */
  destroy(): void;
  onDrain(listener: () => void): void;
  /** Registers a listener for the end of the connection, by either side. */
  onClose(listener: () => void): void;
}
