/** The rows of the list of flags. Only those on the screen, and a few around them, are drawn. */
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { Link } from '@tanstack/react-router';
import { memo, useLayoutEffect, useRef, useState } from 'react';
import { ageOf, wordsOf, type FlagRow } from '../model/filters.js';
import { useMedia } from '../parts/use-media.js';
import { useMay } from '../session.js';
import { useToggle } from './use-toggle.js';

/** The heights of a row, pixels; on a narrow screen it has two lines. styles/flags.css has them too. */
const [ROW, NARROW_ROW] = [42, 66];

/** Draws the list. */
export function FlagList(props: {
  readonly rows: readonly FlagRow[];
  readonly environment: string;
  readonly now: number;
}) {
  const { rows, environment, now } = props;
  const list = useRef<HTMLDivElement>(null);
  const isNarrow = useMedia('(max-width: 760px)');
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), [isNarrow]);
  const height = isNarrow ? NARROW_ROW : ROW;
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => rows[index]?.key ?? index,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, height]);
  if (rows.length === 0)
    return <p className="loading">No flag is like that. Take a filter away to see more.</p>;
  return (
    <div role="table" aria-label="Flags" aria-rowcount={rows.length + 1} className="flags card">
      <div role="rowgroup" className="flags-head">
        <div role="row" className="flag-row" aria-rowindex={1}>
          <span role="columnheader">Key</span>
          <span role="columnheader">Value</span>
          <span role="columnheader">Type</span>
          <span role="columnheader">Changed</span>
          <span role="columnheader">On</span>
        </div>
      </div>
      <div ref={list} role="rowgroup" className="flags-body" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const row = rows[index];
          return (
            row && (
              <Row key={key} row={row} environment={environment} now={now} index={index} top={start - top} />
            )
          );
        })}
      </div>
    </div>
  );
}

interface RowProps {
  readonly row: FlagRow;
  readonly environment: string;
  readonly now: number;
  readonly index: number;
  readonly top: number;
}

const Row = memo(function Row({ row, environment, now, index, top }: RowProps) {
  const { type, value, bool } = wordsOf(row, environment);
  const { key, config, changedAt } = row;
  return (
    <div role="row" className="flag-row" aria-rowindex={index + 2} style={{ translate: `0 ${top}px` }}>
      <span role="cell" className="flag-key">
        <Link to="/e/$environment/flags/$key" params={{ environment, key }} title={key}>
          {key}
        </Link>
      </span>
      <span role="cell" className="flag-value" title={value}>
        {value}
      </span>
      <span role="cell" className="flag-type">
        <span className="tag">{type}</span>
        {config.sendToClientSdk === true && <span className="tag">browsers</span>}
      </span>
      <span role="cell" className="flag-age muted">
        {ageOf(changedAt, now)}
      </span>
      <span role="cell" className="flag-toggle">
        {bool !== undefined && <Toggle row={row} environment={environment} isOn={bool} />}
      </span>
    </div>
  );
});

function Toggle(props: { readonly row: FlagRow; readonly environment: string; readonly isOn: boolean }) {
  const { row, environment, isOn } = props;
  const isEditor = useMay('editor');
  const { toggle, isPending } = useToggle(environment, row.config);
  return (
    <button
      type="button"
      role="switch"
      className="switch"
      aria-checked={isOn}
      aria-label={row.key}
      disabled={!isEditor || isPending}
      onClick={() => toggle(!isOn)}
    />
  );
}
