/** A rollout: a bar of shares, which always add up to 100 %. */
import type { ConfigValue, WeightedValues } from '../../../src/ruleset/model.js';
import { describeValue } from '../../../src/words/values.js';
import { percentOf, sharesOf, WHOLE, withShare, withShares } from '../model/shares.js';
import { PlainField, type ValueProps } from './plain-field.js';

/** Draws the bar, a field for each share and its value, and the property that decides. */
export function RolloutField({ valueType, value, field, label, onChange }: ValueProps) {
  const weighted: WeightedValues = value.weightedValues ?? {};
  const { weightedValues = [], hashByPropertyName = '' } = weighted;
  const shares = sharesOf(weighted);
  const set = (next: WeightedValues): void => onChange({ weightedValues: next });
  const setShare = (index: number, share: number): void =>
    set(withShares(weighted, withShare(shares, index, share)));
  const setValue = (index: number, changed: ConfigValue): void =>
    set({
      ...weighted,
      weightedValues: weightedValues.with(index, { ...weightedValues[index], value: changed }),
    });
  return (
    <div className="rollout">
      <div className="rollout-bar" aria-hidden="true">
        {shares.map((share, index) => (
          <span
            key={index}
            className={`rollout-part rollout-part-${index % 3}`}
            style={{ flexGrow: share }}
          />
        ))}
      </div>
      <ul className="rollout-shares">
        {weightedValues.map((each, index) => (
          <li key={index}>
            <span className={`rollout-dot rollout-part-${index % 3}`} aria-hidden="true" />
            <Share
              name={`${label}, share ${index + 1}`}
              share={shares[index] ?? 0}
              onChange={(share) => setShare(index, share)}
            />
            <PlainField
              valueType={valueType}
              value={each.value ?? {}}
              field={`${field}.weightedValues.weightedValues[${index}].value`}
              label={`${label}, value ${index + 1}`}
              isInvalid={false}
              onChange={(changed) => setValue(index, changed)}
            />
          </li>
        ))}
      </ul>
      <label className="rollout-by">
        <span>of users, by</span>
        <input
          value={hashByPropertyName}
          spellCheck={false}
          onChange={({ target }) => set({ ...weighted, hashByPropertyName: target.value.trim() })}
        />
      </label>
      <p className="hidden" aria-live="polite">
        {describeValue(value)}
      </p>
    </div>
  );
}

interface ShareProps {
  readonly name: string;
  readonly share: number;
  readonly onChange: (share: number) => void;
}

function Share({ name, share, onChange }: ShareProps) {
  return (
    <>
      <input
        type="range"
        aria-label={name}
        aria-valuetext={`${percentOf(share)} %`}
        min={0}
        max={WHOLE}
        step={100}
        value={share}
        onChange={({ target }) => onChange(Number(target.value))}
      />
      <label className="rollout-percent">
        <span className="hidden">{name}, percent</span>
        <input
          type="number"
          min={0}
          max={100}
          step={0.01}
          value={percentOf(share)}
          onChange={({ target }) => onChange(Number(target.value) * 100)}
        />
        <span aria-hidden="true">%</span>
      </label>
    </>
  );
}
