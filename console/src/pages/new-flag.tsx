/** A flag that does not exist yet: its key and type, then the editor. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Config, ConfigValue } from '../../../src/ruleset/model.js';
import { FlagEditor } from '../flag/editor.js';
import { Failed } from '../parts/page-notices.js';
import { rulesetQuery } from '../queries.js';

const KINDS: Readonly<
  Record<string, { readonly label: string; readonly config: Config; readonly value: ConfigValue }>
> = {
  flag: {
    label: 'Flag: on or off',
    config: { configType: 'FEATURE_FLAG', valueType: 'BOOL' },
    value: { bool: false },
  },
  string: { label: 'Text', config: { configType: 'CONFIG', valueType: 'STRING' }, value: { string: '' } },
  int: { label: 'Integer', config: { configType: 'CONFIG', valueType: 'INT' }, value: { int: '0' } },
  double: {
    label: 'Number with a fraction',
    config: { configType: 'CONFIG', valueType: 'DOUBLE' },
    value: { double: 0 },
  },
  json: {
    label: 'JSON',
    config: { configType: 'CONFIG', valueType: 'JSON' },
    value: { json: { json: '{}' } },
  },
  list: {
    label: 'List of texts',
    config: { configType: 'CONFIG', valueType: 'STRING_LIST' },
    value: { stringList: { values: [] } },
  },
  duration: {
    label: 'Duration',
    config: { configType: 'CONFIG', valueType: 'DURATION' },
    value: { duration: { definition: 'PT1M' } },
  },
  level: {
    label: 'Log level',
    config: { configType: 'LOG_LEVEL', valueType: 'LOG_LEVEL' },
    value: { logLevel: 'INFO' },
  },
  segment: {
    label: 'Segment: a group of users',
    config: { configType: 'SEGMENT', valueType: 'BOOL' },
    value: { bool: false },
  },
};

/** Draws the page. */
export function NewFlagPage() {
  const { environment } = useParams({ from: '/e/$environment/new' });
  const { data, error, refetch } = useQuery(rulesetQuery(environment));
  const navigate = useNavigate();
  const [key, setKey] = useState('');
  const [kind, setKind] = useState('flag');
  const { config, value } = KINDS[kind] ?? { config: {}, value: {} };
  const isTaken = data?.configs.some((each) => each.key === key) === true;
  const draft: Config = { ...config, key, rows: [{ values: [{ value }] }] };
  return (
    <div className="page">
      <div className="page-head">
        <h1>New flag</h1>
      </div>
      {error !== null && <Failed error={error} retry={() => void refetch()} />}
      <div className="new-flag card">
        <KeyField value={key} isTaken={isTaken} onChange={setKey} />
        <label className="field">
          <span>Type</span>
          <select value={kind} onChange={({ target }) => setKind(target.value)}>
            {Object.entries(KINDS).map(([name, { label }]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      {data !== undefined && (
        <FlagEditor
          key={kind}
          environment={environment}
          config={draft}
          present={undefined}
          ruleset={data}
          isBlocked={key === '' || isTaken}
          onRestart={() =>
            void navigate({
              to: '/e/$environment/flags/$key',
              params: { environment, key },
              // It was saved.
              ignoreBlocker: true,
            })
          }
        />
      )}
    </div>
  );
}

function KeyField(props: {
  readonly value: string;
  /** True when there is a config with this key. */
  readonly isTaken: boolean;
  readonly onChange: (key: string) => void;
}) {
  const { value, isTaken, onChange } = props;
  return (
    <label className="field">
      <span>Key</span>
      <input
        value={value}
        autoComplete="off"
        spellCheck={false}
        placeholder="flag.new-checkout"
        aria-invalid={isTaken}
        aria-describedby="new-key-note"
        onChange={({ target }) => onChange(target.value.trim())}
      />
      <small id="new-key-note" className={isTaken ? 'field-error' : 'muted'}>
        {isTaken
          ? 'There is a config with this key already; open it, or choose another key.'
          : 'How code asks for it. It cannot be changed later.'}
      </small>
    </label>
  );
}
