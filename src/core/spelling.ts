/** Finds what a misspelt word was meant to be. Pure. */

/**
 * Counts the insertions, removals, replacements and swaps of neighbours that make one text of the
 * other, at the least.
 */
export function distance(a: string, b: string): number {
  const at = (row: readonly number[], j: number): number => row[j] ?? Infinity;
  let before: readonly number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(before, j - 2) + 1 : Infinity;
      next.push(Math.min(at(row, j) + 1, at(next, j - 1) + 1, replaced, swapped));
    }
    before = row;
    row = next;
  }
  return at(row, b.length);
}

/**
 * The word that was probably meant; `undefined` when none is near. A third of a word may be wrong,
 * and of the shortest one letter.
 */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  const given = word.toLowerCase();
  let best: { readonly word: string; readonly edits: number } | undefined;
  for (const candidate of known) {
    // Two letters are like any other two.
    const tolerance = candidate.length < 3 ? 0 : Math.max(1, Math.floor(candidate.length / 3));
    // Each edit changes the length by one at most.
    if (Math.abs(candidate.length - given.length) > tolerance) continue;
    const edits = distance(given, candidate.toLowerCase());
    if (edits <= tolerance && edits < (best?.edits ?? Infinity)) best = { word: candidate, edits };
  }
  return best?.word;
}
