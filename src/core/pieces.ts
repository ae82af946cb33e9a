/** Texts that grow with an environment, as pieces that are made one after the other. Pure. */

/** Characters from which a piece is complete. */
export const PIECE_SIZE = 64 * 1024;

/**
 * Elements after which a piece is complete, however short: some 3 ms of work for ordinary configs.
 */
const PIECE_ELEMENTS = 64;

/**
 * Joins the texts of a list with commas. Each piece is made when it is asked for; an empty one lets
 * the caller look at its slice.
 *
 * @param elements `undefined` for one that is left out
 */
export function* listPieces(
  head: string,
  elements: Iterable<string | undefined>,
  tail: string,
): Generator<string> {
  let piece = head;
  let count = 0;
  let separator = '';
  for (const element of elements) {
    if (element !== undefined) {
      piece += separator + element;
      separator = ',';
    }
    if (piece.length < PIECE_SIZE && ++count < PIECE_ELEMENTS) continue;
    yield piece;
    piece = '';
    count = 0;
  }
  yield piece + tail;
}
