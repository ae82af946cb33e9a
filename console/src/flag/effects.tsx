/** The effects of a change: the samples whose value it changes, with the rules that decide. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ConfigChange } from '../commit.js';
import { effectsOf, isAffected, valueInWords, type Effect, type Explained } from '../evaluations.js';
import { FIRST_SAMPLES, readSamples } from '../model/samples.js';
import { sentenceOf } from '../parts/sentence.js';

const STORED = 'holdfast.samples';

/** Draws the effects, and the field for the samples. */
export function Effects({ change }: { readonly change: ConfigChange }) {
  const [text, setText] = useState(() => localStorage.getItem(STORED) ?? FIRST_SAMPLES);
  const [isKept, setKept] = useState(() => localStorage.getItem(STORED) !== null);
  const read = readSamples(text);
  const samples = read.kind === 'samples' ? read.samples : [];
  const { data, error } = useQuery({
    queryKey: ['effects', change, samples],
    queryFn: ({ signal }) => effectsOf(change.environment, change.config, samples, signal),
    enabled: samples.length > 0,
    placeholderData: keepPreviousData,
  });
  const keep = (next: string, kept: boolean): void => {
    setText(next);
    setKept(kept);
    if (kept) localStorage.setItem(STORED, next);
    else localStorage.removeItem(STORED);
  };
  const affected = data?.filter(isAffected) ?? [];
  return (
    <section className="effects" aria-label="What it does">
      <h3 aria-live="polite">
        {data === undefined
          ? 'What it does to sample users'
          : `${affected.length} of ${data.length} sample users get another value`}
      </h3>
      {error !== null && <p className="field-error">{sentenceOf(error)}</p>}
      {affected.length > 0 && (
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls only what can have the focus
        <ul className="effect-list" aria-label="Sample users that get another value" tabIndex={0}>
          {affected.map((effect, index) => (
            <EffectRow key={index} effect={effect} />
          ))}
        </ul>
      )}
      <details>
        <summary>Sample users</summary>
        <textarea
          aria-label="Sample users, one JSON object a line"
          aria-invalid={read.kind === 'unreadable'}
          rows={5}
          spellCheck={false}
          value={text}
          onChange={({ target }) => keep(target.value, isKept)}
        />
        {read.kind === 'unreadable' && (
          <p className="field-error" role="alert">
            {read.reason}
          </p>
        )}
        <label className="check">
          <input type="checkbox" checked={isKept} onChange={({ target }) => keep(text, target.checked)} />
          <span>Keep these in this browser</span>
        </label>
      </details>
    </section>
  );
}

function EffectRow({ effect: { sample, before, after } }: { readonly effect: Effect }) {
  return (
    <li>
      <code>{JSON.stringify(sample)}</code>
      <span className="effect-sides">
        <ValueWithRule explained={before} /> <span aria-label="becomes">→</span>{' '}
        <ValueWithRule explained={after} />
      </span>
    </li>
  );
}

function ValueWithRule({ explained }: { readonly explained: Explained | undefined }) {
  return (
    <span>
      <strong>{valueInWords(explained)}</strong>
      {explained?.rule !== undefined && (
        <span className="muted">
          {' '}
          rule {explained.rule.index + 1}: {explained.rule.text}
        </span>
      )}
    </span>
  );
}
