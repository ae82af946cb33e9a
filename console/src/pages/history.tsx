/** History: who changed what, when and why, and the two ways back. */
import { useInfiniteQuery, type InfiniteData } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { call, environmentPath } from '../api.js';
import type { Difference } from '../commit.js';
import { ReviseDialog } from '../history/revise-dialog.js';
import { ageOf } from '../model/filters.js';
import { DifferenceLines } from '../parts/difference-lines.js';
import { Empty, Failed } from '../parts/page-notices.js';
import { useNow } from '../parts/use-now.js';
import { useMay } from '../session.js';
import '../styles/history.css';

interface Entry {
  readonly id: string;
  readonly version: string;
  readonly at: string;
  readonly author: string;
  readonly message?: string;
  readonly source: string;
  readonly configs: readonly Difference[];
  readonly more?: number;
  readonly isTooLarge?: true;
  readonly settings?: { readonly after: { readonly name: string } };
}

interface PageOfEntries {
  readonly changes: readonly Entry[];
  readonly next?: string;
}

/** Draws the page. */
export function HistoryPage() {
  const { environment } = useParams({ from: '/e/$environment/history' });
  const { key } = useSearch({ from: '/e/$environment/history' });
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useHistory(
    environment,
    key,
  );
  const entries = data?.pages.flatMap(({ changes }) => changes) ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>{key === undefined ? 'History' : `History of ${key}`}</h1>
        {key !== undefined && (
          <Link to="/e/$environment/history" params={{ environment }}>
            All changes of the environment
          </Link>
        )}
      </div>
      {error !== null && <Failed error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <p className="loading">Loading the history …</p>}
      {data !== undefined && entries.length === 0 && (
        <Empty title="Nothing was changed yet" command={`npx holdfast history --env ${environment}`}>
          <p>Each change is listed here with its author and its reason.</p>
        </Empty>
      )}
      <ol className="history">
        {entries.map((entry, index) => (
          <EntryCard key={entry.id} environment={environment} entry={entry} flag={key} isLast={index === 0} />
        ))}
      </ol>
      {hasNextPage && (
        <button
          type="button"
          className="button"
          disabled={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          Older changes
        </button>
      )}
    </div>
  );
}

function useHistory(environment: string, key: string | undefined) {
  return useInfiniteQuery<
    PageOfEntries,
    Error,
    InfiniteData<PageOfEntries>,
    readonly unknown[],
    string | undefined
  >({
    queryKey: ['history', environment, key],
    queryFn: ({ signal, pageParam }) => {
      const query = new URLSearchParams({
        ...(key === undefined ? {} : { key }),
        ...(pageParam === undefined ? {} : { before: pageParam }),
      });
      return call<PageOfEntries>(`${environmentPath(environment)}/history?${query}`, { signal });
    },
    initialPageParam: undefined,
    getNextPageParam: ({ next }) => next,
  });
}

interface EntryProps {
  readonly environment: string;
  readonly entry: Entry;
  /** The flag that the history is of; `undefined`: all. */
  readonly flag: string | undefined;
  /** True for the newest change, after which there is nothing to take back. */
  readonly isLast: boolean;
}

function EntryCard({ environment, entry, flag, isLast }: EntryProps) {
  const { at, author, message, source, configs, more, isTooLarge, settings, version } = entry;
  const now = useNow();
  const isEditor = useMay('editor');
  return (
    <li className="card history-entry">
      <div className="history-head">
        <p>
          <strong>{author}</strong>{' '}
          <time dateTime={at} title={new Date(at).toLocaleString()} className="muted">
            {ageOf(Date.parse(at), now)}
          </time>{' '}
          <span className="tag">{source}</span>
        </p>
        {isEditor && settings === undefined && (
          <WaysBack environment={environment} version={version} flag={flag} isLast={isLast} />
        )}
      </div>
      {message !== undefined && <p className="history-message">{message}</p>}
      {settings !== undefined && <p>The settings of the environment: {settings.after.name}</p>}
      <DifferenceLines configs={configs} />
      {more !== undefined && <p className="muted">and {more} more configs</p>}
      {isTooLarge === true && <p className="muted">It was too large to be kept with its configs.</p>}
    </li>
  );
}

function WaysBack(props: Omit<EntryProps, 'entry'> & { readonly version: string }) {
  const { environment, version, flag, isLast } = props;
  const [asked, setAsked] = useState<'undo' | 'rollback'>();
  const close = (): void => setAsked(undefined);
  const keys = flag === undefined ? {} : { keys: [flag] };
  return (
    <div className="history-actions">
      <button type="button" className="button button-small" onClick={() => setAsked('undo')}>
        Undo
      </button>
      {!isLast && (
        <button
          type="button"
          className="button button-danger button-small"
          onClick={() => setAsked('rollback')}
        >
          Roll back to here
        </button>
      )}
      {asked === 'undo' && (
        <ReviseDialog
          environment={environment}
          revision={{ route: 'rollback', body: { undo: version } }}
          title="Take this one change back?"
          action="Undo"
          done="The change was taken back."
          onClose={close}
        />
      )}
      {asked === 'rollback' && (
        <ReviseDialog
          environment={environment}
          revision={{ route: 'rollback', body: { to: version, ...keys } }}
          title={flag === undefined ? 'Take everything after this back?' : `Take ${flag} back to this?`}
          action="Roll back"
          word={flag ?? 'roll back'}
          done="Rolled back."
          onClose={close}
        />
      )}
    </div>
  );
}
