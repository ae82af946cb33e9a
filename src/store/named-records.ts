/** The part of the store's port that keeps small records by a name: operators, and sessions. */

/** NamedRecords keeps records by a name that each has. */
export interface NamedRecords<T> {
  /** All of them, in any order. */
  all(): Promise<T[]>;
  /**
   * Adds (`before` undefined), replaces or removes (`after` undefined) a record, if it still is as
   * it was read; else does nothing and answers false.
   */
  replace(name: string, before: T | undefined, after: T | undefined): Promise<boolean>;
}

/** The form in which both stores keep records of one kind. */
export interface RecordForm<T> {
  /** The kind as errors name it: `operators`. */
  readonly plural: string;
  /** One of them as errors name it: `an operator`. */
  readonly one: string;
  /** The remedy for those that were lost, as the end of a sentence: `create the operators again`. */
  readonly remedy: string;
  readonly nameOf: (record: T) => string;
  /** Equal records have equal texts. */
  readonly toJson: (record: T) => string;
  /** Throws when the text is not what `toJson` makes. */
  readonly fromJson: (text: string) => T;
}
