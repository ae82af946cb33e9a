/** Differences of configs in words. */
import type { Difference } from '../commit.js';
import '../styles/difference.css';

const TONES: Readonly<Partial<Record<string, string>>> = { '+': 'added', '-': 'removed', '~': 'changed' };

/** Draws differences in words, coloured by their signs. */
export function DifferenceLines({ configs }: { readonly configs: readonly Difference[] }) {
  return (
    <ul className="difference" aria-label="What differs">
      {configs.flatMap(({ key, lines }) =>
        lines.map((line, index) => (
          <li key={`${key} ${index}`} className={`difference-${TONES[line.charAt(0)] ?? 'plain'}`}>
            {line}
          </li>
        )),
      )}
    </ul>
  );
}
