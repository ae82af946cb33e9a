/** A value of a config: one for all, or a rollout. */
import { useId } from 'react';
import type { ConfigValue } from '../../../src/ruleset/model.js';
import { describeValue, isConfidential } from '../../../src/words/values.js';
import { WHOLE } from '../model/shares.js';
import { useFieldError } from './field-errors.js';
import { PlainField, type ValueProps } from './plain-field.js';
import { RolloutField } from './rollout-field.js';

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
