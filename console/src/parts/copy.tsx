/** Texts to take along: commands, tokens, links. */
import { useState } from 'react';

/** Draws a button that copies a text, and says that it did. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setState('copied');
    } catch {
      // Browsers give the clipboard to https and localhost only.
      setState('refused');
    }
    setTimeout(() => setState('idle'), 2_000);
  };
  const words = { idle: label, copied: 'Copied', refused: 'Select and copy it' };
  return (
    <button type="button" className="button" aria-live="polite" onClick={() => void copy()}>
      {words[state]}
    </button>
  );
}

/** Draws a command of a terminal with a button that copies it. */
export function CopyableCommand({ command }: { readonly command: string }) {
  return (
    <div className="command">
      <code>{command}</code>
      <CopyButton text={command} />
    </div>
  );
}
