/** The editor of one config's rules in one environment. */
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { ConditionalValue, Config } from '../../../src/ruleset/model.js';
import { describeValue } from '../../../src/words/values.js';
import { previewConfig, type Preview } from '../commit.js';
import { propertiesOf } from '../model/conditions.js';
import { moved, readDraft, rulesField, writeDraft, type Draft } from '../model/draft.js';
import type { KeyedConfig, Ruleset } from '../queries.js';
import { useMay } from '../session.js';
import { DraftErrorContext, draftErrorOf, useFieldError } from './field-errors.js';
import { KeepEdits } from './keep-edits.js';
import { Review } from './review.js';
import { RuleCard } from './rule-card.js';
import { useIds } from './use-ids.js';
import { ValueField } from './value-field.js';
import { Conflict } from './conflict.js';
import '../styles/editor.css';

/** The properties of {@link FlagEditor}. */
export interface EditorProps {
  readonly environment: string;
  /** The config that is edited. */
  readonly config: Config;
  /** The config as it is now; `undefined`: it does not exist. Another id is someone else's change. */
  readonly present: KeyedConfig | undefined;
  readonly ruleset: Ruleset;
  readonly isBlocked?: boolean;
  /** Called with the config to edit from now on. */
  readonly onRestart: (config: KeyedConfig) => void;
}

/** Draws the editor. A viewer sees the same, and cannot change it. */
export function FlagEditor(props: EditorProps) {
  const { environment, config, present, ruleset, isBlocked = false, onRestart } = props;
  const first = useMemo(() => readDraft(config, environment), [config, environment]);
  const [draft, setDraft] = useState<Draft>(first);
  // Fields begin again when the edits are discarded.
  const [round, setRound] = useState(0);
  const isEditor = useMay('editor');
  const changed = useMemo(() => writeDraft(config, environment, draft), [config, environment, draft]);
  const review = useMutation({
    mutationFn: () => previewConfig({ environment, config: changed, expectedId: config.id }),
  });
  const update = (change: Partial<Draft>): void => {
    review.reset();
    setDraft({ ...draft, ...change });
  };
  const discard = (): void => {
    review.reset();
    setDraft(first);
    setRound(round + 1);
  };
  const isDirty = draft !== first || config.id === undefined;
  const isStale = config.id !== undefined && present !== undefined && present.id !== config.id;
  return (
    <DraftErrorContext value={review.error === null ? undefined : draftErrorOf(review.error)}>
      {isStale && <Conflict mine={config} theirs={present} isDirty={draft !== first} onRestart={onRestart} />}
      <fieldset disabled={!isEditor} className="editor">
        <legend className="hidden">Rules</legend>
        <Rules key={round} {...props} draft={draft} update={update} />
        <Visibility draft={draft} update={update} />
      </fieldset>
      <KeepEdits isEdited={isEditor && isEdited(config, first, draft)} />
      <GeneralError field={rulesField(config, environment)} />
      {isEditor && (
        <div className="editor-bar">
          {draft !== first && config.id !== undefined && <DiscardButton onClick={discard} />}
          <button
            type="button"
            className="button button-primary"
            disabled={!isDirty || isBlocked || isStale || review.isPending}
            onClick={() => review.mutate()}
          >
            {review.isPending ? 'Checking …' : 'Review the change'}
          </button>
        </div>
      )}
      {review.data !== undefined && (
        <ReviewOf
          preview={review.data}
          close={() => review.reset()}
          {...{ environment, config, changed, ruleset, onRestart }}
        />
      )}
    </DraftErrorContext>
  );
}

function DiscardButton({ onClick }: { readonly onClick: () => void }) {
  return (
    <button type="button" className="button button-quiet" onClick={onClick}>
      Discard
    </button>
  );
}

/** True when something was typed. The first draft of a new config is made again with each letter of its key. */
function isEdited({ id, key = '' }: Config, first: Draft, draft: Draft): boolean {
  if (id !== undefined) return draft !== first;
  return key !== '' || JSON.stringify(draft) !== JSON.stringify(first);
}

function ReviewOf(props: {
  readonly preview: Preview;
  readonly close: () => void;
  readonly environment: string;
  readonly config: Config;
  readonly changed: Config;
  readonly ruleset: Ruleset;
  readonly onRestart: (config: KeyedConfig) => void;
}) {
  const { preview, close, environment, config, changed, ruleset, onRestart } = props;
  const change = { environment, config: changed, expectedId: config.id };
  return <Review change={change} preview={preview} ruleset={ruleset} onClose={close} onSaved={onRestart} />;
}

interface PartProps {
  readonly draft: Draft;
  readonly update: (change: Partial<Draft>) => void;
}

/** The value of a rule that was just added: a flag is turned on by it. */
function newRule({ otherwise }: Draft, { valueType }: Config): ConditionalValue {
  const condition = {
    propertyName: 'user.email',
    operator: 'PROP_ENDS_WITH_ONE_OF',
    valueToMatch: { stringList: { values: [] } },
  };
  const value = valueType === 'BOOL' ? { bool: true } : (otherwise?.value ?? {});
  return { criteria: [condition], value };
}

function Rules({ environment, config, ruleset, draft, update }: EditorProps & PartProps) {
  const { rules, otherwise } = draft;
  const ids = useIds(rules.length);
  const properties = useMemo(() => propertiesOf(ruleset.configs), [ruleset]);
  const segments = useMemo(
    () => ruleset.configs.filter(({ configType }) => configType === 'SEGMENT').map(({ key }) => key),
    [ruleset],
  );
  const field = rulesField(config, environment);
  return (
    <section className="rules" aria-label="Rules, tried from the top">
      {rules.map((rule, index) => (
        <RuleCard
          key={ids.of(index)}
          rule={rule}
          index={index}
          count={rules.length}
          valueType={config.valueType}
          field={`${field}[${index}]`}
          properties={properties}
          segments={segments}
          onChange={(changed) => update({ rules: rules.with(index, changed) })}
          onMove={(to) => {
            ids.move(index, to);
            update({ rules: moved(rules, index, to) });
          }}
          onRemove={() => {
            ids.remove(index);
            update({ rules: rules.toSpliced(index, 1) });
          }}
        />
      ))}
      <button
        type="button"
        className="button add-rule"
        onClick={() => {
          ids.add();
          update({ rules: [...rules, newRule(draft, config)] });
        }}
      >
        + Add a rule
      </button>
      <div className="rule card">
        <h2 className="rule-title">{rules.length === 0 ? 'Everyone gets' : 'Everyone else gets'}</h2>
        {otherwise === undefined ? (
          <p className="muted">No value of this environment: {describeValue(undefined)}.</p>
        ) : (
          <ValueField
            valueType={config.valueType}
            value={otherwise.value ?? {}}
            field={`${field}[${rules.length}].value`}
            label={rules.length === 0 ? 'Value for everyone' : 'Value for everyone else'}
            onChange={(value) => update({ otherwise: { ...otherwise, value } })}
          />
        )}
      </div>
    </section>
  );
}

function Visibility({ draft, update }: PartProps) {
  return (
    <label className="check visibility">
      <input
        type="checkbox"
        checked={draft.sendToClientSdk}
        onChange={({ target }) => update({ sendToClientSdk: target.checked })}
      />
      <span>
        Browsers and apps may have its value <span className="muted">(never its rules)</span>
      </span>
    </label>
  );
}

/** An error that is not about one of the rules. */
function GeneralError({ field }: { readonly field: string }) {
  const inRules = useFieldError(field);
  const anywhere = useFieldError('');
  if (anywhere === undefined || inRules !== undefined) return null;
  return (
    <p className="notice notice-failed" role="alert">
      {anywhere}
    </p>
  );
}
