/** One rule: its conditions, which must all hold, and the value that it gives. */
import type { ConditionalValue } from '../../../src/ruleset/model.js';
import { describeRule } from '../../../src/words/configs.js';
import type { ConditionKind } from '../model/conditions.js';
import { ConditionRow } from './condition-row.js';
import { useIds } from './use-ids.js';
import { ValueField } from './value-field.js';

/** The properties of {@link RuleCard}. */
export interface RuleProps {
  readonly rule: ConditionalValue;
  readonly index: number;
  readonly count: number;
  readonly valueType: string | undefined;
  /** The path of the rule in errors. */
  readonly field: string;
  readonly properties: ReadonlyMap<string, ConditionKind>;
  readonly segments: readonly string[];
  readonly onChange: (rule: ConditionalValue) => void;
  readonly onMove: (to: number) => void;
  readonly onRemove: () => void;
}

const NEW_CONDITION = {
  propertyName: 'user.key',
  operator: 'PROP_IS_ONE_OF',
  valueToMatch: { stringList: { values: [] } },
};

/** Draws a rule, in words and as fields. */
export function RuleCard(props: RuleProps) {
  const { rule, index, valueType, field, properties, segments, onChange } = props;
  const { criteria = [], value = {} } = rule;
  const ids = useIds(criteria.length);
  return (
    <article className="rule card" aria-label={`Rule ${index + 1}`}>
      <header className="rule-head">
        <h2 className="rule-title">Rule {index + 1}</h2>
        <p className="rule-words">{describeRule(rule)}</p>
        <RuleButtons {...props} />
      </header>
      <ul className="conditions">
        {criteria.map((criterion, at) => (
          <li key={ids.of(at)}>
            <span className="condition-join muted">{at === 0 ? 'when' : 'and'}</span>
            <ConditionRow
              criterion={criterion}
              field={`${field}.criteria[${at}]`}
              name={`rule ${index + 1}, condition ${at + 1}`}
              properties={properties}
              segments={segments}
              onChange={(changed) => onChange({ ...rule, criteria: criteria.with(at, changed) })}
              onRemove={
                criteria.length > 1
                  ? () => {
                      ids.remove(at);
                      onChange({ ...rule, criteria: criteria.toSpliced(at, 1) });
                    }
                  : undefined
              }
            />
          </li>
        ))}
      </ul>
      <button
        type="button"
        className="button button-quiet button-small"
        onClick={() => {
          ids.add();
          onChange({ ...rule, criteria: [...criteria, NEW_CONDITION] });
        }}
      >
        + and another condition
      </button>
      <div className="rule-value">
        <span className="condition-join muted">then</span>
        <ValueField
          valueType={valueType}
          value={value}
          field={`${field}.value`}
          label={`Value of rule ${index + 1}`}
          onChange={(changed) => onChange({ ...rule, value: changed })}
        />
      </div>
    </article>
  );
}

function RuleButtons({ index, count, onMove, onRemove }: RuleProps) {
  const name = `rule ${index + 1}`;
  return (
    <div className="rule-buttons">
      <button
        type="button"
        className="button button-quiet button-small"
        disabled={index === 0}
        aria-label={`Move ${name} up`}
        onClick={() => onMove(index - 1)}
      >
        ↑
      </button>
      <button
        type="button"
        className="button button-quiet button-small"
        disabled={index === count - 1}
        aria-label={`Move ${name} down`}
        onClick={() => onMove(index + 1)}
      >
        ↓
      </button>
      <button
        type="button"
        className="button button-quiet button-small"
        aria-label={`Remove ${name}`}
        onClick={onRemove}
      >
        Remove
      </button>
    </div>
  );
}
