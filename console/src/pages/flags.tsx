/** The flags of an environment: search, filters, and a list that draws only what is on the screen. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useRef } from 'react';
import { FlagList } from '../flags/flag-list.js';
import { filtered, prefixesOf, rowsOfRuleset, type FlagFilters, type FlagRow } from '../model/filters.js';
import { configTypeWords } from '../../../src/words/configs.js';
import { Failed, NothingYet } from '../parts/page-notices.js';
import { useNow } from '../parts/use-now.js';
import { rulesetQuery } from '../queries.js';
import { useMay } from '../session.js';
import '../styles/flags.css';

/** Draws the page. */
export function FlagsPage() {
  const { environment } = useParams({ from: '/e/$environment/flags' });
  const filters = useSearch({ from: '/e/$environment/flags' });
  const { data, error, refetch } = useQuery(rulesetQuery(environment));
  const now = useNow();
  const rows = useMemo(() => rowsOfRuleset(data?.configs ?? []), [data]);
  const shown = useMemo(() => filtered(rows, filters, now), [rows, filters, now]);
  const isEditor = useMay('editor');
  return (
    <div className="page">
      <div className="page-head">
        <h1>Flags</h1>
        {isEditor && (
          <Link to="/e/$environment/new" params={{ environment }} className="button button-primary">
            New flag
          </Link>
        )}
      </div>
      {error !== null && <Failed error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <p className="loading">Loading flags …</p>}
      {data !== undefined && rows.length === 0 && <NoFlags environment={environment} />}
      {rows.length > 0 && (
        <>
          <Filters rows={rows} filters={filters} shown={shown.length} />
          <FlagList rows={shown} environment={environment} now={now} />
        </>
      )}
    </div>
  );
}

function NoFlags({ environment }: { readonly environment: string }) {
  return (
    <NothingYet
      title="There are no flags in this environment"
      by="editor"
      command={`npx holdfast set flag.first true --create --env ${environment}`}
    >
      Create the first one here, or from a terminal; connected clients get it within a moment.
    </NothingYet>
  );
}

interface FiltersProps {
  readonly rows: readonly FlagRow[];
  readonly filters: FlagFilters;
  /** The number of rows that are left. */
  readonly shown: number;
}

function Filters({ rows, filters, shown }: FiltersProps) {
  const navigate = useNavigate({ from: '/e/$environment/flags' });
  const search = useSearchKey();
  const set = (change: Readonly<Record<string, string>>): void => {
    const next = Object.entries({ ...filters, ...change }).filter(([, value]) => value !== '');
    void navigate({ search: Object.fromEntries(next), replace: true });
  };
  const types = useMemo(() => [...new Set(rows.map(({ config }) => config.configType ?? ''))].sort(), [rows]);
  const prefixes = useMemo(() => prefixesOf(rows), [rows]);
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <search className="filters">
      <label className="filter-search">
        <span className="hidden">Search keys and descriptions</span>
        <input
          ref={search}
          type="search"
          placeholder="Search"
          aria-keyshortcuts="/"
          value={filters.q ?? ''}
          onChange={({ target }) => set({ q: target.value })}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <Choice
        label="Type"
        value={filters.type}
        onChange={(type) => set({ type })}
        options={types.map((type) => [type, configTypeWords[type] ?? type])}
      />
      <Choice
        label="Prefix"
        value={filters.prefix}
        onChange={(prefix) => set({ prefix })}
        options={prefixes.map((prefix) => [prefix, prefix])}
      />
      <Choice
        label="Clients"
        value={filters.clients}
        onChange={(clients) => set({ clients })}
        options={CLIENTS}
      />
      <Choice
        label="Changed"
        value={filters.changed}
        onChange={(changed) => set({ changed })}
        options={AGES}
      />
      <p className="muted filter-count" aria-live="polite">
        {isFiltered ? `${shown} of ${rows.length}` : `${rows.length} in all`}
      </p>
    </search>
  );
}

const CLIENTS: Options = [
  ['yes', 'sent to browsers'],
  ['no', 'servers only'],
];
const AGES: Options = [
  ['hour', 'in the last hour'],
  ['day', 'in the last day'],
  ['week', 'in the last week'],
  ['month', 'in the last 30 days'],
];

type Options = readonly (readonly [value: string, words: string])[];

function Choice(props: {
  readonly label: string;
  readonly value: string | undefined;
  readonly options: Options;
  readonly onChange: (value: string) => void;
}) {
  const { label, value = '', options, onChange } = props;
  return (
    <select
      aria-label={label}
      className={value === '' ? 'filter' : 'filter filter-set'}
      value={value}
      onChange={({ target }) => onChange(target.value)}
    >
      <option value="">{label}: all</option>
      {options.map(([each, words]) => (
        <option key={each} value={each}>
          {words}
        </option>
      ))}
    </select>
  );
}

/** The search field, which `/` focuses from everywhere but another field. */
function useSearchKey() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const isTyping =
        event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]');
      if (event.key !== '/' || event.ctrlKey || event.metaKey || isTyping) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, []);
  return input;
}
