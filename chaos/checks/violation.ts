/** A promise that was not kept. */
export interface Violation {
  /** Which check found it. */
  readonly check: 'rest' | 'order' | 'commits' | 'staleness' | 'connections' | 'nodes' | 'segments' | 'inbox';
  /** The client and the violation. */
  readonly text: string;
  /** When, by performance.now(); `undefined`: at rest. */
  readonly at?: number | undefined;
}
