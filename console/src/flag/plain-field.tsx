/** The field of one value, by the type of the config. */
import { lazy, Suspense, useId } from 'react';
import type { ConfigValue } from '../../../src/ruleset/model.js';
import { describeValue } from '../../../src/words/values.js';
import { LinesField } from './lines-field.js';

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
