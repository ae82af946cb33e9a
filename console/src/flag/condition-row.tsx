/** One condition: a property, an operator of its kind, an operand. */
import { useId } from 'react';
import type { Criterion } from '../../../src/ruleset/model.js';
import { describeCriterion } from '../../../src/words/criterion.js';
import { isConfidential } from '../../../src/words/values.js';
import {
  CONDITION_KINDS,
  operandText,
  operandValue,
  operatorOf,
  OPERATORS_IN_WORDS,
  withOperator,
  type ConditionKind,
  type OfferedOperator,
} from '../model/conditions.js';
import { useFieldError } from './field-errors.js';
import { LinesField } from './lines-field.js';

interface ConditionProps {
  readonly criterion: Criterion;
  readonly field: string;
  /** For labels: `rule 1, condition 2`. */
  readonly name: string;
  readonly properties: ReadonlyMap<string, ConditionKind>;
  readonly segments: readonly string[];
  readonly onChange: (criterion: Criterion) => void;
  readonly onRemove: (() => void) | undefined;
}

/** Draws a condition. One that the form has no fields for is shown in words, and can be removed. */
export function ConditionRow(props: ConditionProps) {
  const { criterion, field, name, onRemove } = props;
  const operator = operatorOf(criterion);
  const error = useFieldError(field);
  const id = useId();
  const isSecret = criterion.valueToMatch !== undefined && isConfidential(criterion.valueToMatch);
  const isShown = operator === undefined || isSecret;
  return (
    <div className="condition" role="group" aria-label={`Condition: ${name}`} aria-describedby={error && id}>
      {isShown ? (
        <code className="condition-words">
          {isSecret ? `${criterion.propertyName ?? ''} (confidential)` : describeCriterion(criterion)}
        </code>
      ) : (
        <Fields {...props} operator={operator} isInvalid={error !== undefined} />
      )}
      {onRemove !== undefined && (
        <button
          type="button"
          className="button button-quiet button-small"
          aria-label={`Remove ${name}`}
          onClick={onRemove}
        >
          ✕
        </button>
      )}
      {error !== undefined && (
        <p id={id} className="field-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

type FieldsProps = ConditionProps & { readonly operator: OfferedOperator; readonly isInvalid: boolean };

function Fields(props: FieldsProps) {
  const { criterion, operator, name, properties, onChange } = props;
  const list = useId();
  const change = (next: OfferedOperator | undefined): void => {
    if (next !== undefined) onChange(withOperator(criterion, next));
  };
  const setProperty = (propertyName: string): void => {
    const kind = properties.get(propertyName);
    const renamed = { ...criterion, propertyName };
    const first = OPERATORS_IN_WORDS.find((each) => each.kind === kind);
    // A property that is known to be a number is compared as one.
    if (first === undefined || kind === operator.kind) onChange(renamed);
    else onChange(withOperator(renamed, first));
  };
  return (
    <>
      <select
        aria-label={`Kind, ${name}`}
        value={operator.kind}
        onChange={({ target }) => change(OPERATORS_IN_WORDS.find(({ kind }) => kind === target.value))}
      >
        {Object.entries(CONDITION_KINDS).map(([kind, words]) => (
          <option key={kind} value={kind}>
            {words}
          </option>
        ))}
      </select>
      {operator.kind !== 'segment' && (
        <>
          <input
            className="condition-property"
            aria-label={`Property, ${name}`}
            list={list}
            spellCheck={false}
            value={criterion.propertyName ?? ''}
            onChange={({ target }) => setProperty(target.value.trim())}
          />
          <datalist id={list}>
            {[...properties.keys()].map((property) => (
              <option key={property} value={property} />
            ))}
          </datalist>
        </>
      )}
      <select
        aria-label={`Operator, ${name}`}
        value={operator.operator}
        onChange={({ target }) => change(OPERATORS_IN_WORDS.find((each) => each.operator === target.value))}
      >
        {OPERATORS_IN_WORDS.filter(({ kind }) => kind === operator.kind).map((each) => (
          <option key={each.operator} value={each.operator}>
            {each.words}
          </option>
        ))}
      </select>
      <OperandField {...props} />
    </>
  );
}

const PLACEHOLDERS: Readonly<Partial<Record<OfferedOperator['operand'], string>>> = {
  number: '18',
  version: '1.2.0',
  date: '2027-01-31T00:00:00Z',
  range: '18..65',
  pattern: '^admin-',
};

function OperandField({ criterion, operator, name, segments, isInvalid, onChange }: FieldsProps) {
  const { operand } = operator;
  const set = (text: string): void => onChange({ ...criterion, valueToMatch: operandValue(operand, text) });
  const label = `Compared with, ${name}`;
  if (operand === 'list') {
    return (
      <LinesField
        label={label}
        placeholder="one a line"
        lines={criterion.valueToMatch?.stringList?.values ?? []}
        isInvalid={isInvalid}
        onChange={(lines) => set(lines.join('\n'))}
      />
    );
  }
  const text = operandText(criterion);
  if (operand === 'segment') {
    return (
      <select
        aria-label={label}
        aria-invalid={isInvalid}
        value={text}
        onChange={({ target }) => set(target.value)}
      >
        {!segments.includes(text) && (
          <option value={text}>{text === '' ? 'Choose a segment …' : text}</option>
        )}
        {segments.map((segment) => (
          <option key={segment} value={segment}>
            {segment}
          </option>
        ))}
      </select>
    );
  }
  const isDate = operand === 'date' && /^\d+$/.test(text);
  return (
    <input
      aria-label={label}
      aria-invalid={isInvalid}
      spellCheck={false}
      placeholder={PLACEHOLDERS[operand] ?? ''}
      // A date is stored as milliseconds; it is shown as it is written.
      defaultValue={isDate ? new Date(Number(text)).toISOString() : text}
      key={operator.operator}
      onChange={({ target }) => set(target.value)}
    />
  );
}
