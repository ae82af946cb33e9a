/** Where the clients of a set-up subscribe, and how what they get is read. */
export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The numbers of the events of the lab in the data of one SSE event. */
  numbersIn(data: string): readonly number[];
}
