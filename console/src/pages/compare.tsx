/** Two environments side by side, and what is picked promoted from one to the other. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { describeConfig } from '../../../src/words/configs.js';
import type { KeyedConfig } from '../model/ruleset.js';
import { ReviseDialog } from '../history/revise-dialog.js';
import { Empty, Failed } from '../parts/page-notices.js';
import { environmentsQuery, rulesetQuery } from '../queries.js';
import { previewRevision } from '../revisions.js';
import { useMay } from '../session.js';
import '../styles/history.css';

/** Draws the page. */
export function ComparePage() {
  const { environment } = useParams({ from: '/e/$environment/compare' });
  const { from } = useSearch({ from: '/e/$environment/compare' });
  const navigate = useNavigate({ from: '/e/$environment/compare' });
  const { data: environments = [] } = useQuery(environmentsQuery);
  const nameOf = (id: string): string => environments.find((each) => each.id === id)?.name ?? id;
  const others = environments.filter(({ id }) => id !== environment);
  return (
    <div className="page compare-page">
      <div className="page-head">
        <h1>Compare and promote</h1>
      </div>
      {others.length === 0 ? (
        <Empty title="There is no other environment to compare with" />
      ) : (
        <div className="compare-choices">
          <label className="field">
            <span>Compare {nameOf(environment)} with</span>
            <select
              value={from ?? ''}
              onChange={({ target }) =>
                void navigate({ search: target.value === '' ? {} : { from: target.value } })
              }
            >
              <option value="">Choose …</option>
              {others.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </div>
      )}
      {from !== undefined && from !== environment && (
        <Differences
          key={`${from} ${environment}`}
          from={from}
          to={environment}
          fromName={nameOf(from)}
          toName={nameOf(environment)}
        />
      )}
    </div>
  );
}

interface DifferencesProps {
  readonly from: string;
  readonly to: string;
  readonly fromName: string;
  readonly toName: string;
}

/** What a promotion of everything would do is the difference: the server compares, not the page. */
function useDifferences(from: string, to: string) {
  const source = useQuery(rulesetQuery(from));
  const target = useQuery(rulesetQuery(to));
  const versions = [source.data?.version, target.data?.version];
  const preview = useQuery({
    queryKey: ['compare', from, to, ...versions],
    queryFn: ({ signal }) =>
      previewRevision(to, { route: 'promote', body: { from, deletions: true } }, signal),
    enabled: !versions.includes(undefined),
  });
  const [ours, theirs] = useMemo(
    () => [source.data, target.data].map((read) => new Map(read?.configs.map((each) => [each.key, each]))),
    [source.data, target.data],
  );
  return { preview: preview.data, error: source.error ?? target.error ?? preview.error, ours, theirs };
}

function Differences({ from, to, fromName, toName }: DifferencesProps) {
  const { preview, error, ours, theirs } = useDifferences(from, to);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [isAsking, setAsking] = useState(false);
  const isEditor = useMay('editor');
  if (error !== null) return <Failed error={error} />;
  if (preview === undefined) return <p className="loading">Comparing …</p>;
  if (preview.configs.length === 0) return <Empty title={`${fromName} and ${toName} are the same`} />;
  const keys = preview.configs.map(({ key }) => key).filter((key) => picked.has(key));
  // A key that the source lacks is deleted by its promotion.
  const isDeleting = preview.configs.some(({ key, kind }) => kind === 'deleted' && picked.has(key));
  return (
    <>
      <div className="compare-choices">
        <p aria-live="polite">
          {preview.configs.length + (preview.more ?? 0)} differ
          {preview.more !== undefined && `, the first ${preview.configs.length} are shown`}
        </p>
        {isEditor && (
          <button
            type="button"
            className="button button-primary"
            disabled={keys.length === 0}
            onClick={() => setAsking(true)}
          >
            {keys.length === 0 ? 'Promote' : `Promote ${keys.length}`} to {toName} …
          </button>
        )}
      </div>
      <div className="card compare">
        {preview.configs.map(({ key, kind }) => (
          <div className="compare-row" key={key}>
            <Pick
              name={key}
              isPicked={picked.has(key)}
              note={kind === 'deleted' ? `only in ${toName}` : undefined}
              {...(isEditor ? { onPick: (isIn: boolean) => setPicked(withKey(picked, key, isIn)) } : {})}
            />
            <Side title={fromName} config={ours?.get(key)} environment={from} />
            <Side title={toName} config={theirs?.get(key)} environment={to} />
          </div>
        ))}
      </div>
      {isAsking && (
        <ReviseDialog
          environment={to}
          revision={{ route: 'promote', body: { from, keys, ...(isDeleting ? { deletions: true } : {}) } }}
          title={`Promote ${keys.length} from ${fromName} to ${toName}?`}
          action="Promote"
          {...(isDeleting ? { word: toName } : {})}
          done={`Promoted to ${toName}.`}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

/** A difference by its key, with a box to pick it where the operator may promote. */
function Pick(props: {
  readonly name: string;
  readonly isPicked: boolean;
  readonly note: string | undefined;
  readonly onPick?: (isIn: boolean) => void;
}) {
  const { name, isPicked, note, onPick } = props;
  return (
    <div className="check">
      {onPick !== undefined && (
        <input
          type="checkbox"
          aria-label={name}
          checked={isPicked}
          onChange={({ target }) => onPick(target.checked)}
        />
      )}
      <span className="mono">{name}</span>
      {note !== undefined && <span className="tag">{note}</span>}
    </div>
  );
}

function withKey(keys: ReadonlySet<string>, key: string, isIn: boolean): ReadonlySet<string> {
  return new Set(isIn ? [...keys, key] : [...keys].filter((each) => each !== key));
}

function Side(props: {
  readonly title: string;
  readonly config: KeyedConfig | undefined;
  readonly environment: string;
}) {
  const { title, config, environment } = props;
  return (
    <div>
      <h3>{title}</h3>
      {config === undefined ? (
        <p className="muted">not there</p>
      ) : (
        <ul className="plain-lines">
          {describeConfig(config, environment).map((line, index) => (
            <li key={index}>{line}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
