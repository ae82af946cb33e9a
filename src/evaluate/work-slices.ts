/** Slices of turns for work that grows with a ruleset. */
import type { Slices } from '../core/turns.js';

/** The turns of work that is done in slices; see core/turns.ts. */
export type WorkSlices = Pick<Slices, 'isOver' | 'next'>;

/** One slice without an end: the work is done in one turn. */
export const ONE_TURN: WorkSlices = { isOver: false, next: () => Promise.resolve() };
