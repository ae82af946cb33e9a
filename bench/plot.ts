/** A plot of costs against size as SVG, both axes logarithmic, readable on light and on dark. Pure. */

/** A line of a panel. */
export interface PlotLine {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** One small plot. */
export interface PlotPanel {
  readonly title: string;
  readonly lines: readonly PlotLine[];
}

/** Panels in rows, with the same axes in each row. */
export interface PlotRow {
  /** The name of the horizontal axis. */
  readonly axis: string;
  readonly panels: readonly PlotPanel[];
}

const WIDTH = 210;
const HEIGHT = 170;
const LEFT = 40;
const TOP = 64;
const ROW = 232;
const PANEL = { width: WIDTH - LEFT - 6, height: HEIGHT - 20 };

/** Dark on light, and the reverse where the reader's system is dark. */
const STYLE = `
  text { font: 11px system-ui, sans-serif; fill: #1f2933; }
  .title { font-weight: 600; }
  .grid { stroke: #c9d1d9; stroke-width: 1; }
  .line { fill: none; stroke-width: 2; }
  .s0 { stroke: #0b6bcb; } .f0 { fill: #0b6bcb; }
  .s1 { stroke: #c2410c; stroke-dasharray: 6 3; } .f1 { fill: #c2410c; }
  .paper { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .grid { stroke: #3d444d; } .paper { fill: #0d1117; }
    .s0 { stroke: #58a6ff; } .f0 { fill: #58a6ff; } .s1 { stroke: #ffa657; } .f1 { fill: #ffa657; }
  }`;

/** Draws rows of panels. @param unit of the vertical axis */
export function plot(title: string, unit: string, rows: readonly PlotRow[]): string {
  const columns = Math.max(...rows.map(({ panels }) => panels.length));
  const [width, height] = [columns * WIDTH + 12, TOP + rows.length * ROW];
  const names = rows[0]?.panels[0]?.lines.map(({ name }) => name) ?? [];
  const legend = names.map(
    (name, index) =>
      `<line class="line s${index}" x1="${12 + index * 120}" y1="38" x2="${36 + index * 120}" y2="38"/>` +
      `<text x="${42 + index * 120}" y="42">${name}</text>`,
  );
  const body = rows.map((row, index) => rowText(row, TOP + index * ROW));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">`,
    `<title>${title}</title><style>${STYLE}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text class="title" x="12" y="20">${title} (${unit}, both axes logarithmic)</text>`,
    ...legend,
    ...body,
    '</svg>\n',
  ].join('\n');
}

function rowText({ axis, panels }: PlotRow, top: number): string {
  const points = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points));
  const x = scaleOf(
    points.map((point) => point.x),
    LEFT,
    LEFT + PANEL.width,
  );
  const y = scaleOf(
    points.map((point) => point.y),
    top + PANEL.height,
    top,
  );
  const drawn = panels.map((panel, index) => {
    const grid = y.decades.map((value) => gridLine(value, y.at(value)));
    const marks = x.decades.map(
      (value) =>
        `<text x="${number(x.at(value))}" y="${top + PANEL.height + 16}" text-anchor="middle">${short(value)}</text>`,
    );
    const lines = panel.lines.map((line, place) => lineText(line, place, x.at, y.at));
    return `<g transform="translate(${index * WIDTH} 0)"><text class="title" x="${LEFT}" y="${top - 6}">${panel.title}</text>${[...grid, ...marks, ...lines].join('')}</g>`;
  });
  const label = `<text x="${LEFT}" y="${top + PANEL.height + 34}">${axis}</text>`;
  return [...drawn, label].join('\n');
}

function gridLine(value: number, y: number): string {
  return (
    `<line class="grid" x1="${LEFT}" x2="${LEFT + PANEL.width}" y1="${number(y)}" y2="${number(y)}"/>` +
    `<text x="${LEFT - 4}" y="${number(y + 4)}" text-anchor="end">${short(value)}</text>`
  );
}

function lineText(
  { points }: PlotLine,
  place: number,
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  const places = points.map((point) => [number(x(point.x)), number(y(point.y))] as const);
  const dots = places.map(([cx, cy]) => `<circle class="f${place}" cx="${cx}" cy="${cy}" r="3"/>`);
  return `<polyline class="line s${place}" points="${places.map((each) => each.join(',')).join(' ')}"/>${dots.join('')}`;
}

/** A logarithmic scale over whole decades. */
function scaleOf(values: readonly number[], from: number, to: number) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    at: (value: number) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
    decades: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
  };
}

function number(value: number): string {
  return value.toFixed(1);
}

function short(value: number): string {
  return value >= 1000 ? `${value / 1000}k` : `${Number(value.toPrecision(3))}`;
}
