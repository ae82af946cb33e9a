import { expect, it } from 'vitest';
import { HolderAbsence } from '../../src/store/redis/presence.js';

it('replaces a holder that was absent at all looks of half a second', () => {
  const absence = new HolderAbsence();
  for (const now of [0, 250, 499]) {
    absence.note('one', now);
    expect(absence.replaceable(now)).toBe(undefined);
  }
  expect(absence.replaceable(500)).toBe('one');
});

it('a holder is not replaced that was seen in between', () => {
  const absence = new HolderAbsence();
  absence.note('one', 0);
  absence.note(undefined, 250);
  absence.note('one', 500);
  expect(absence.replaceable(750)).toBe(undefined);
});

it('the absence of one holder does not count for another', () => {
  const absence = new HolderAbsence();
  absence.note('one', 0);
  absence.note('two', 400);
  expect(absence.replaceable(600)).toBe(undefined);
});

it('a holder is not replaced after a pause in which no node looked', () => {
  const absence = new HolderAbsence();
  absence.note('one', 0);
  absence.note('one', 5_000);
  expect(absence.replaceable(5_000)).toBe(undefined);
  expect(absence.replaceable(5_500)).toBe('one');
});
