/** One flag: its rules, and what a change of them does. */
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { configTypeWords, descriptionOf, valueTypeWords } from '../../../src/words/configs.js';
import { DeleteFlag } from '../flag/delete-flag.js';
import { FlagEditor } from '../flag/editor.js';
import { ageOf, changedAtOf } from '../model/filters.js';
import { Empty, Failed } from '../parts/page-notices.js';
import { useNow } from '../parts/use-now.js';
import { rulesetQuery, type KeyedConfig, type Ruleset } from '../queries.js';
import { useMay } from '../session.js';

/** Draws the page. */
export function FlagPage() {
  const { environment, key } = useParams({ from: '/e/$environment/flags/$key' });
  const { data, error, refetch } = useQuery(rulesetQuery(environment));
  const config = data?.configs.find((each) => each.key === key);
  return (
    <div className="page">
      <p className="crumbs">
        <Link to="/e/$environment/flags" params={{ environment }}>
          <span aria-hidden="true">← </span>Flags
        </Link>
      </p>
      {error !== null && <Failed error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <p className="loading">Loading {key} …</p>}
      {data !== undefined && config === undefined && (
        <Empty
          title={`There is no ${key} here`}
          command={`npx holdfast set ${key} true --create --env ${environment}`}
        >
          <p>It was deleted, or never was in this environment.</p>
        </Empty>
      )}
      {data !== undefined && config !== undefined && (
        <Loaded key={key} environment={environment} config={config} ruleset={data} />
      )}
    </div>
  );
}

interface LoadedProps {
  readonly environment: string;
  readonly config: KeyedConfig;
  readonly ruleset: Ruleset;
}

/** The editor keeps the config that it began with until it is saved or started again. */
function Loaded({ environment, config, ruleset }: LoadedProps) {
  const [edited, setEdited] = useState(config);
  const now = useNow();
  const changedAt = changedAtOf(config);
  const isEditor = useMay('editor');
  const description = descriptionOf(config);
  const { configType = '', valueType = '' } = config;
  return (
    <>
      <div className="page-head">
        <h1 className="mono-title">{config.key}</h1>
        <span className="tag">{configTypeWords[configType] ?? configType}</span>
        <span className="tag">{valueTypeWords[valueType] ?? valueType}</span>
        {changedAt !== undefined && <span className="muted">changed {ageOf(changedAt, now)}</span>}
        <Link to="/e/$environment/history" params={{ environment }} search={{ key: config.key }}>
          History
        </Link>
        {isEditor && <DeleteFlag environment={environment} config={config} />}
      </div>
      {description !== undefined && <p className="flag-description">{description}</p>}
      <FlagEditor
        key={edited.id}
        environment={environment}
        config={edited}
        present={config}
        ruleset={ruleset}
        onRestart={setEdited}
      />
    </>
  );
}
