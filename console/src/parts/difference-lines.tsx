/** Differences of configs in words. */
import type { Difference } from '../commit.js';
import '../styles/difference.css';

const TONES: Readonly<Partial<Record<string, string>>> = { '+': 'added', '-': 'removed', '~': 'changed' };

/** Draws differences in words, coloured by their signs, each config below its key. */
export function DifferenceLines({ configs }: { readonly configs: readonly Difference[] }) {
  return (
    <div className="differences">
      {configs.map(({ key, kind, lines }) => (
        <section key={key} aria-label={`What differs in ${key}`}>
          <p className="difference-key">
            <span className="mono">{key}</span> <span className="muted">{kind}</span>
          </p>
          <ul className="difference">
            {lines.map((line, index) => (
              <li key={index} className={`difference-${TONES[line.charAt(0)] ?? 'plain'}`}>
                {line}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
