/** Open streams by key, counted by the fleet. Pure. */

/** The part of the fleet that says who holds streams. */
export interface FleetPart {
  readonly entries: readonly { readonly key: { readonly id: string }; readonly holds: number }[];
}

/** A number of streams; there may be more, since holds are counted when they come back. */
export interface StreamCount {
  readonly atLeast: number;
}

/** Counts the streams of a key, or of all keys. */
export function streamsOf({ entries }: FleetPart, key?: string): StreamCount {
  const counted = entries.filter((entry) => key === undefined || entry.key.id === key);
  return { atLeast: counted.reduce((sum, { holds }) => sum + holds, 0) };
}

/** Says how many streams an act will close. */
export function streamsInWords(count: StreamCount | undefined): string {
  if (count === undefined) return 'Counting the open streams …';
  const { atLeast } = count;
  if (atLeast === 0) return 'No open stream is known; one that has just been opened is closed too.';
  return atLeast === 1
    ? 'This closes at least 1 open stream.'
    : `This closes at least ${atLeast.toLocaleString('en')} open streams.`;
}
