/** Output of commands: lines, tables and JSON in which no control character of another is obeyed. */
import { CODES, styled, type Cell } from './cell.js';
import { columns } from './format.js';
import type { Output } from './io.js';
import { plain } from './plain.js';
import type { PrinterOptions } from './terminal.js';
import { wrapLine } from './wrap.js';

/** Prints to one of the standard streams. */
export class Printer {
  /** Characters of a line; `undefined` where the output is no terminal. */
  readonly width: number | undefined;
  readonly #output: Output;
  readonly #colours: boolean;

  constructor(output: Output, { colours, width }: PrinterOptions) {
    this.#output = output;
    this.#colours = colours;
    this.width = width;
  }

  /** True when the output is a terminal. */
  get isTerminal(): boolean {
    return this.width !== undefined;
  }

  /**
   * Prints one line of any texts; their control characters are replaced. One without styles that is
   * longer than a line of the terminal is broken at spaces.
   */
  line(...parts: readonly Cell[]): void {
    const isPlain = parts.every((part) => typeof part === 'string');
    const lines = isPlain ? wrapLine(this.#render(parts), this.width) : [this.#render(parts)];
    this.#output.write(`${lines.join('\n')}\n`);
  }

  /**
   * Prints rows as aligned columns; the first row is the head.
   *
   * @param cut the heads of columns whose texts are cut where a terminal is too narrow
   */
  table(rows: readonly (readonly Cell[])[], ...cut: string[]): void {
    const [head = [], ...rest] = rows;
    const bold = head.map((cell) => (typeof cell === 'string' ? styled('bold', cell) : cell));
    for (const row of columns([bold, ...rest], { width: this.width, cut })) {
      this.#output.write(`${this.#render(row)}\n`);
    }
  }

  /** Prints a value as JSON over several lines. */
  json(value: unknown): void {
    this.#output.write(`${jsonText(value, 2)}\n`);
  }

  /** Prints a value as JSON on one line, for output that goes on. */
  jsonLine(value: unknown): void {
    this.#output.write(`${jsonText(value)}\n`);
  }

  /**
   * Replaces the line that the cursor is on, on a terminal; nothing elsewhere. An empty text clears
   * it.
   */
  transient(text: string): void {
    if (this.width === undefined) return;
    this.#output.write(`\r\u001b[K${plain(text).slice(0, this.width - 1)}`);
  }

  #render(parts: readonly Cell[]): string {
    return parts
      .map((part) => {
        if (typeof part === 'string') return plain(part);
        const text = plain(part.text);
        return this.#colours && text !== '' ? `\u001b[${CODES[part.style]}m${text}\u001b[0m` : text;
      })
      .join('');
  }
}

/**
 * JSON in which every character that a terminal could obey, or that could reorder text, is escaped.
 */
function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
