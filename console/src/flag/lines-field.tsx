/** A list of texts, one on each line. */
import { useState } from 'react';

/** Draws a field that grows with its lines. Empty lines are kept while it is edited, and not saved. */
export function LinesField(props: {
  readonly label: string;
  readonly lines: readonly string[];
  readonly placeholder?: string;
  readonly isInvalid?: boolean;
  readonly onChange: (lines: readonly string[]) => void;
}) {
  const { label, lines, placeholder, isInvalid = false, onChange } = props;
  const [text, setText] = useState(lines.join('\n'));
  const change = (next: string): void => {
    setText(next);
    onChange(next.split('\n').filter((line) => line.trim() !== ''));
  };
  return (
    <textarea
      className="lines"
      aria-label={label}
      aria-invalid={isInvalid}
      placeholder={placeholder}
      spellCheck={false}
      rows={Math.min(8, Math.max(1, text.split('\n').length))}
      value={text}
      onChange={({ target }) => change(target.value)}
    />
  );
}
