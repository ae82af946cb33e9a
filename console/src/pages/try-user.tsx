/** Every value that a user would get, and why. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { evaluateKeys, type Evaluations } from '../evaluations.js';
import { readSamples } from '../model/samples.js';
import { ExplainedValue } from '../try/explained-value.js';
import { CopyButton } from '../parts/copy.js';
import { Failed, NothingYet } from '../parts/page-notices.js';
import { rulesetQuery } from '../queries.js';
import '../styles/try.css';

const FIRST_CONTEXT = '{\n  "targetingKey": "u-1",\n  "email": "ann@example.com"\n}';
/** More rows than that are not drawn; the search finds the others. */
const MOST_ROWS = 300;

/** Draws the page. */
export function TryUserPage() {
  const { environment } = useParams({ from: '/e/$environment/try' });
  const { context: shared } = useSearch({ from: '/e/$environment/try' });
  const navigate = useNavigate({ from: '/e/$environment/try' });
  const [text, setText] = useState(shared ?? FIRST_CONTEXT);
  const read = readSamples(text);
  const context = read.kind === 'samples' && read.samples.length === 1 ? read.samples[0] : undefined;
  const { data: ruleset, error: failure, refetch } = useQuery(rulesetQuery(environment));
  const keys = useMemo(() => (ruleset?.configs ?? []).map(({ key }) => key).sort(), [ruleset]);
  const { data, error } = useQuery({
    queryKey: ['try', environment, ruleset?.version, context],
    queryFn: ({ signal }) => evaluateKeys(environment, context ?? {}, keys, signal),
    enabled: context !== undefined && keys.length > 0,
    placeholderData: keepPreviousData,
  });
  const change = (next: string): void => {
    setText(next);
    void navigate({ search: { context: next }, replace: true });
  };
  const problem = read.kind === 'unreadable' ? read.reason : context === undefined ? ONE_CONTEXT : undefined;
  const command = `npx holdfast set flag.first true --create --env ${environment}`;
  return (
    <div className="page">
      <div className="page-head">
        <h1>Try a user</h1>
        <CopyButton text={linkTo(environment, text)} label="Copy a link to this user" />
      </div>
      <div className="try">
        <ContextField text={text} problem={problem} ignored={data?.ignored ?? []} onChange={change} />
        <section aria-label="Values">
          {(failure ?? error) !== null && <Failed error={failure ?? error} retry={() => void refetch()} />}
          {ruleset !== undefined && keys.length === 0 && (
            <NothingYet title="There are no flags to try" by="editor" command={command} />
          )}
          {data !== undefined && keys.length > 0 && <Values environment={environment} {...data} />}
        </section>
      </div>
    </div>
  );
}

const ONE_CONTEXT = 'Give one JSON object; a list belongs to the samples of a change.';

/** The address of this page with the context in it. Who opens it signs in as they are. */
function linkTo(environment: string, text: string): string {
  const context = encodeURIComponent(JSON.stringify(text));
  return `${location.origin}/console/e/${environment}/try?context=${context}`;
}

function ContextField(props: {
  readonly text: string;
  readonly problem: string | undefined;
  readonly ignored: readonly string[];
  readonly onChange: (text: string) => void;
}) {
  const { text, problem, ignored, onChange } = props;
  return (
    <section className="try-context" aria-label="The user">
      <label className="field">
        <span>What an application says of the user</span>
        <textarea
          rows={10}
          spellCheck={false}
          value={text}
          aria-invalid={problem !== undefined}
          onChange={({ target }) => onChange(target.value)}
        />
      </label>
      {problem !== undefined && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      <p className="muted">
        As in OpenFeature: <code>email</code> is <code>user.email</code> for rules, and the targeting key is{' '}
        <code>user.key</code>. The link has this text in it, and no token.
      </p>
      {ignored.length > 0 && <p className="notice">No rule can read: {ignored.join(', ')}</p>}
    </section>
  );
}

function Values(props: Pick<Evaluations, 'evaluations' | 'segments'> & { readonly environment: string }) {
  const { environment, evaluations, segments } = props;
  const byKey = useMemo(() => new Map(segments.map((each) => [each.key, each])), [segments]);
  const [search, setSearch] = useState('');
  const found = evaluations.filter(({ key }) => key.toLowerCase().includes(search.toLowerCase()));
  return (
    <>
      <label className="try-search">
        <span className="hidden">Search flags</span>
        <input
          type="search"
          placeholder="Search flags"
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
      </label>
      <ul className="try-values card">
        {found.slice(0, MOST_ROWS).map((explained) => (
          <ExplainedValue
            key={explained.key}
            environment={environment}
            explained={explained}
            segments={byKey}
          />
        ))}
      </ul>
      {found.length > MOST_ROWS && (
        <p className="muted">{found.length - MOST_ROWS} more: search to see them.</p>
      )}
    </>
  );
}
