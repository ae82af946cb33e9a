/**
 * The Grafana board of a Holdfast installation, from the rows of board-rows.ts. `npm run docs` writes
 * it as JSON, since a board that is clicked together cannot be reviewed.
 */
import { BOARD_ROWS, type PanelPlan } from './board-rows.js';

const COLUMNS = 24;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** The board as Grafana imports it. */
export function board(): object {
  const panels: object[] = [];
  let y = 0;
  for (const [row, plans] of Object.entries(BOARD_ROWS)) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row,
      collapsed: false,
      gridPos: place(0, y, COLUMNS, 1),
      panels: [],
    });
    y += 1;
    const stats = plans.every(({ kind }) => kind === 'stat');
    const [width, height] = stats ? [COLUMNS / plans.length, 4] : [12, 8];
    plans.forEach((plan, index) => {
      const column = (index * width) % COLUMNS;
      panels.push(panel(plan, panels.length + 1, place(column, y, width, height)));
      if (column + width >= COLUMNS || index === plans.length - 1) y += height;
    });
  }
  return {
    uid: 'holdfast',
    title: 'Holdfast',
    tags: ['holdfast'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: variables() },
    panels,
  };
}

function place(x: number, y: number, w: number, h: number) {
  return { x, y, w, h };
}

function panel({ title, help, unit, kind, red, queries }: PanelPlan, id: number, gridPos: object): object {
  return {
    id,
    type: kind ?? 'timeseries',
    title,
    description: help,
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        min: unit === 's' && title === 'Clock offset' ? undefined : 0,
        ...(red === undefined ? {} : { color: { mode: 'thresholds' }, thresholds: thresholdsOf(red) }),
      },
      overrides: [],
    },
    options:
      kind === 'stat'
        ? {
            reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
            colorMode: 'background',
            graphMode: 'none',
          }
        : {
            legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
            tooltip: { mode: 'multi', sort: 'desc' },
          },
    targets: queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: DATASOURCE,
      expr,
      legendFormat,
      ...(kind === 'stat' ? { instant: true } : {}),
    })),
  };
}

function thresholdsOf(red: NonNullable<PanelPlan['red']>): object {
  const steps =
    'from' in red
      ? [
          { color: 'green', value: null },
          { color: 'red', value: red.from },
        ]
      : [
          { color: 'red', value: null },
          { color: 'green', value: red.below },
        ];
  return { mode: 'absolute', steps };
}

function variables(): object[] {
  const query = (name: string, label: string, text: string, more: object) => ({
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query: { query: text, refId: name },
    refresh: 2,
    sort: 1,
    ...more,
  });
  return [
    {
      name: 'datasource',
      label: 'Data source',
      type: 'datasource',
      query: 'prometheus',
      current: {},
      hide: 0,
    },
    query('job', 'Job', 'label_values(process_start_time_seconds, job)', {
      current: { text: 'holdfast', value: 'holdfast' },
    }),
    query('instance', 'Instance', 'label_values(process_start_time_seconds{job="$job"}, instance)', {
      multi: true,
      includeAll: true,
      allValue: '.+',
      current: { text: 'All', value: '$__all' },
    }),
  ];
}
