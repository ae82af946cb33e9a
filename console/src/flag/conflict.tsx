/** Someone else's change of a config that is being edited. */
import type { Config } from '../../../src/ruleset/model.js';
import { describeConfig } from '../../../src/words/configs.js';
import type { KeyedConfig } from '../queries.js';
import { useParams } from '@tanstack/react-router';

/** Draws what was, and what it is now. Nothing of it is overwritten: editing starts again from it. */
export function Conflict(props: {
  readonly mine: Config;
  readonly theirs: KeyedConfig;
  /** True when there are edits, which are lost by starting again. */
  readonly isDirty: boolean;
  readonly onRestart: (config: KeyedConfig) => void;
}) {
  const { mine, theirs, isDirty, onRestart } = props;
  const { environment = '' } = useParams({ strict: false });
  return (
    <section className="notice conflict" role="alert" aria-label="Changed by someone else">
      <h2>Someone else changed this flag while you had it open</h2>
      <div className="conflict-sides">
        <Side title="When you opened it" lines={describeConfig(mine, environment)} />
        <Side title="Now" lines={describeConfig(theirs, environment)} />
      </div>
      <p>
        {isDirty
          ? 'Your edit is still below, to look at, and cannot be saved over theirs. Start again from the present rules, and make it there.'
          : 'Start again from the present rules.'}
      </p>
      <button type="button" className="button" onClick={() => onRestart(theirs)}>
        Start again from the present rules
      </button>
    </section>
  );
}

function Side({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  return (
    <div>
      <h3>{title}</h3>
      <ul className="plain-lines">
        {lines.map((line, index) => (
          <li key={index}>{line}</li>
        ))}
      </ul>
    </div>
  );
}
