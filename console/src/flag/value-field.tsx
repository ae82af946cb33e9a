/** A value of a config: one for all, or a rollout. */
import { lazy, Suspense, useId } from 'react';
import type { ConfigValue } from '../../../src/ruleset/model.js';
import { describeValue, isConfidential } from '../../../src/words/values.js';
import { WHOLE } from '../model/shares.js';
import { useFieldError } from './field-errors.js';
import { LinesField } from './lines-field.js';
import { RolloutField } from './rollout-field.js';

const JsonField = lazy(async () => ({ default: (await import('./json-field.js')).JsonField }));

/** The properties of a field for a value. */
export interface ValueProps {
  readonly valueType: string | undefined;
  readonly value: ConfigValue;
  /** The path of the value in errors. */
  readonly field: string;
  readonly label: string;
  readonly onChange: (value: ConfigValue) => void;
}

/** Draws a value with its error, and the way between one value and a rollout. */
export function ValueField(props: ValueProps) {
  const { value, field, valueType, onChange } = props;
  const error = useFieldError(field);
  const id = useId();
  if (isConfidential(value) || value.provided !== undefined) {
    return <code>{describeValue(value)}</code>;
  }
  const isRollout = value.weightedValues !== undefined;
  return (
    <div className="value-field" role="group" aria-label={props.label} aria-describedby={error && id}>
      {isRollout ? <RolloutField {...props} /> : <PlainField {...props} isInvalid={error !== undefined} />}
      <button
        type="button"
        className="button button-quiet button-small"
        onClick={() => onChange(isRollout ? plainOf(value) : rolloutOf(value, valueType))}
      >
        {isRollout ? 'One value for all' : 'Roll out by percentage'}
      </button>
      {error !== undefined && (
        <p id={id} className="field-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** A rollout begins at 0 %: nothing changes until a share is set. */
function rolloutOf(value: ConfigValue, valueType: string | undefined): ConfigValue {
  const other = valueType === 'BOOL' ? { bool: value.bool !== true } : value;
  return {
    weightedValues: {
      hashByPropertyName: 'user.key',
      weightedValues: [
        { weight: 0, value: other },
        { weight: WHOLE, value },
      ],
    },
  };
}

/** The value that most get. */
function plainOf({ weightedValues }: ConfigValue): ConfigValue {
  const all = weightedValues?.weightedValues ?? [];
  const [most] = all.toSorted((a, b) => (b.weight ?? 0) - (a.weight ?? 0));
  return most?.value ?? {};
}

/** A type whose values are one line of text in the form. */
interface LineType {
  readonly text: (value: ConfigValue) => string;
  readonly value: (text: string) => ConfigValue;
  readonly inputMode?: 'numeric' | 'decimal';
  readonly placeholder?: string;
}

const LINE_TYPES: Readonly<Partial<Record<string, LineType>>> = {
  INT: { text: ({ int = '' }) => int, value: (text) => ({ int: text.trim() }), inputMode: 'numeric' },
  DOUBLE: {
    text: ({ double = '' }) => String(double),
    value: (text) => ({ double: text.trim() }),
    inputMode: 'decimal',
  },
  DURATION: {
    text: ({ duration }) => duration?.definition ?? '',
    value: (text) => ({ duration: { definition: text.trim() } }),
    placeholder: 'PT1M30S',
  },
};

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

type PlainProps = ValueProps & { readonly isInvalid: boolean };

/** Draws the field of one value, by the type of the config. What has no field is shown in words. */
export function PlainField(props: PlainProps) {
  const { valueType = '', value, label, isInvalid, onChange } = props;
  const line = LINE_TYPES[valueType];
  if (line !== undefined) return <LineField {...props} line={line} />;
  switch (valueType) {
    case 'BOOL':
      return <BoolField {...props} />;
    case 'STRING':
      return <StringField {...props} />;
    case 'STRING_LIST':
      return (
        <LinesField
          label={label}
          isInvalid={isInvalid}
          placeholder="one a line"
          lines={value.stringList?.values ?? []}
          onChange={(values) => onChange({ stringList: { values: [...values] } })}
        />
      );
    case 'LOG_LEVEL':
      return <LevelField {...props} />;
    case 'JSON':
      return (
        <Suspense fallback={<code>{value.json?.json}</code>}>
          <JsonField
            label={label}
            text={value.json?.json ?? ''}
            onChange={(json) => onChange({ json: { json } })}
          />
        </Suspense>
      );
    default:
      return <code>{describeValue(value)}</code>;
  }
}

function LineField({ line, value, label, isInvalid, onChange }: PlainProps & { readonly line: LineType }) {
  return (
    <input
      aria-label={label}
      aria-invalid={isInvalid}
      spellCheck={false}
      inputMode={line.inputMode ?? 'text'}
      placeholder={line.placeholder}
      value={line.text(value)}
      onChange={({ target }) => onChange(line.value(target.value))}
    />
  );
}

function StringField({ value: { string = '' }, label, isInvalid, onChange }: PlainProps) {
  return (
    <textarea
      className="lines"
      aria-label={label}
      aria-invalid={isInvalid}
      rows={Math.min(6, string.split('\n').length)}
      value={string}
      onChange={({ target }) => onChange({ string: target.value })}
    />
  );
}

function LevelField({ value, label, onChange }: PlainProps) {
  return (
    <select
      aria-label={label}
      value={value.logLevel ?? ''}
      onChange={({ target }) => onChange({ logLevel: target.value })}
    >
      {LEVELS.map((level) => (
        <option key={level}>{level}</option>
      ))}
    </select>
  );
}

function BoolField({ value, label, onChange }: ValueProps) {
  const name = useId();
  return (
    <fieldset className="segmented">
      <legend className="hidden">{label}</legend>
      {[true, false].map((each) => (
        <label key={String(each)}>
          <input
            type="radio"
            name={name}
            checked={value.bool === each}
            onChange={() => onChange({ bool: each })}
          />
          <span>{String(each)}</span>
        </label>
      ))}
    </fieldset>
  );
}
