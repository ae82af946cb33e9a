/**
 * Tables in plain text that are Markdown too, so that a run can be pasted into docs/benchmarks.md.
 * Pure.
 */

/** The first column is text and begins at the left; the others are figures and end at the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((cells) => (cells[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** Three significant digits, without an exponent: `0.123`, `12.3`, `1,234`. */
export function figure(value: number): string {
  return value.toLocaleString('en-US', {
    maximumSignificantDigits: value >= 1000 ? 21 : 3,
    maximumFractionDigits: 0,
    roundingPriority: value >= 1000 ? 'lessPrecision' : 'morePrecision',
  });
}
