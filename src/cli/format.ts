/** Tables for a terminal. */
import stringWidth from 'string-width';
import { plain } from './plain.js';
import type { Cell } from './cell.js';

/** How a table becomes as narrow as a terminal. */
export interface TableWidth {
  /** Characters of a line; `undefined` for no limit. */
  readonly width: number | undefined;
  /** The heads of the columns whose texts may be cut. */
  readonly cut: readonly string[];
}

/** The narrowest that a column is made. */
const NARROWEST = 8;

/** The two spaces between columns. */
const GAP = '  ';

/**
 * Pads cells so that columns are aligned, two spaces apart; the first row is the head. Each row is
 * the parts of a line, without spaces at its end.
 */
export function columns(rows: readonly (readonly Cell[])[], { width, cut }: TableWidth): Cell[][] {
  const cells = rows.map((row) => row.map((cell) => withText(cell, plain(textOf(cell)))));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, stringWidth(textOf(cell)));
  }
  const head = (cells[0] ?? []).map(textOf);
  narrow(
    widths,
    width,
    head.flatMap((name, i) => (cut.includes(name) ? [i] : [])),
  );
  return cells.map((row) => {
    const last = row.findLastIndex((cell) => textOf(cell) !== '');
    return row.slice(0, last + 1).flatMap((cell, i) => {
      const text = shortened(textOf(cell), widths[i] ?? 0);
      const padding = i === last ? '' : ' '.repeat((widths[i] ?? 0) - stringWidth(text)) + GAP;
      return [withText(cell, text), padding];
    });
  });
}

/** Makes the widest of the columns that may be cut narrower until the table fits. */
function narrow(widths: number[], width: number | undefined, candidates: readonly number[]): void {
  const total = widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length);
  for (let excess = width === undefined ? 0 : total - width; excess > 0; excess--) {
    const widest = candidates.reduce((a, b) => ((widths[b] ?? 0) > (widths[a] ?? 0) ? b : a), -1);
    const current = widths[widest] ?? 0;
    if (current <= NARROWEST) return;
    widths[widest] = current - 1;
  }
}

const graphemes = new Intl.Segmenter();

/** The beginning of a text that is as wide as that, with an ellipsis where something is missing. */
function shortened(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let short = '';
  for (const { segment } of graphemes.segment(text)) {
    if (stringWidth(short + segment) > width - 1) break;
    short += segment;
  }
  return `${short}…`;
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

function withText(cell: Cell, text: string): Cell {
  return typeof cell === 'string' ? text : { ...cell, text };
}

/** `1 config`, `2 configs`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
