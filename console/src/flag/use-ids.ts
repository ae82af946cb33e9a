/** Identities for the entries of a list that have none: fields keep what is typed when entries move. */
import { useRef, useState } from 'react';
import { moved } from '../model/draft.js';

/** The identities of a list, and its changes. */
export interface Ids {
  readonly of: (index: number) => number;
  readonly add: () => void;
  readonly remove: (index: number) => void;
  readonly move: (from: number, to: number) => void;
}

/** Keeps an identity for each entry of a list that begins with so many. */
export function useIds(count: number): Ids {
  const [ids, setIds] = useState<readonly number[]>(() => Array.from({ length: count }, (_, index) => index));
  const next = useRef(count);
  return {
    of: (index) => ids[index] ?? index,
    add: () => {
      const id = next.current++;
      setIds([...ids, id]);
    },
    remove: (index) => setIds(ids.toSpliced(index, 1)),
    move: (from, to) => setIds(moved(ids, from, to)),
  };
}
