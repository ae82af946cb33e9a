/** The rows of the list of flags. Only those on the screen, and a few around them, are drawn. */
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useNavigate } from '@tanstack/react-router';
import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState, type MouseEvent } from 'react';
import { ageOf, wordsOf, type FlagRow } from '../model/filters.js';
import { useMedia } from '../parts/use-media.js';
import { useMay } from '../session.js';
import { useToggles, type Toggles } from './use-toggle.js';

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
  const isEditor = useMay('editor');
  const { toggle, pending } = useToggles(environment);
  const open = useOpen(environment);
  useEffect(loadFlagPage, []);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), [isNarrow]);
  const height = isNarrow ? NARROW_ROW : ROW;
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: 6,
    scrollMargin: top,
    getItemKey: (index) => rows[index]?.key ?? index,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, height]);
  if (rows.length === 0)
    return <p className="loading">No flag is like that. Take a filter away to see more.</p>;
  return (
    <div role="table" aria-label="Flags" aria-rowcount={rows.length + 1} className="flags card">
      <Head />
      <div ref={list} role="rowgroup" className="flags-body" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const row = rows[index];
          return (
            row && (
              <Row
                key={key}
                row={row}
                environment={environment}
                now={now}
                index={index}
                top={start - top}
                isEditor={isEditor}
                isPending={pending.has(row.key)}
                toggle={toggle}
                open={open}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

function Head() {
  return (
    <div role="rowgroup" className="flags-head">
      <div role="row" className="flag-row" aria-rowindex={1}>
        <span role="columnheader">Key</span>
        <span role="columnheader">Value</span>
        <span role="columnheader">Type</span>
        <span role="columnheader">Changed</span>
        <span role="columnheader">On</span>
      </div>
    </div>
  );
}

/** Loads the page of a flag before a flag is opened. */
function loadFlagPage(): void {
  // Opening a flag tries again, and says so when it fails.
  import('../pages/flag.js').catch(() => undefined);
}

type Open = (event: MouseEvent<HTMLAnchorElement>) => void;

/**
 * Opens a flag in this tab. Rows have plain links, because those of the router cost a third of the
 * time of a frame while the list scrolls.
 */
function useOpen(environment: string): Open {
  const navigate = useNavigate();
  return useCallback(
    (event) => {
      const { button, metaKey, ctrlKey, shiftKey, altKey } = event;
      if (button !== 0 || metaKey || ctrlKey || shiftKey || altKey) return;
      event.preventDefault();
      const key = event.currentTarget.textContent;
      void navigate({ to: '/e/$environment/flags/$key', params: { environment, key } });
    },
    [environment, navigate],
  );
}

interface RowProps {
  readonly row: FlagRow;
  readonly environment: string;
  readonly now: number;
  readonly index: number;
  readonly top: number;
  readonly isEditor: boolean;
  /** True while its switch is being set. */
  readonly isPending: boolean;
  readonly toggle: Toggles['toggle'];
  readonly open: Open;
}

const Row = memo(function Row(props: RowProps) {
  const { row, environment, now, index, top, isEditor, isPending, toggle, open } = props;
  const { type, value, bool } = wordsOf(row, environment);
  const { key, config, changedAt } = row;
  return (
    <div role="row" className="flag-row" aria-rowindex={index + 2} style={{ translate: `0 ${top}px` }}>
      <span role="cell" className="flag-key">
        <a href={`/console/e/${environment}/flags/${encodeURIComponent(key)}`} title={key} onClick={open}>
          {key}
        </a>
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
        {bool !== undefined && (
          <button
            type="button"
            role="switch"
            className="switch"
            aria-checked={bool}
            aria-label={key}
            disabled={!isEditor}
            // Not disabled while it is being set: it would lose the focus.
            aria-disabled={isPending}
            onClick={() => {
              if (!isPending) toggle(config, !bool);
            }}
          />
        )}
      </span>
    </div>
  );
});
