/** Parts of a page that are folded away. */
import { useState, type ReactNode } from 'react';

/** Draws a summary; the rest is drawn when it is opened, so that a list of many costs nothing. */
export function Folded({ summary, children }: { readonly summary: string; readonly children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{summary}</summary>
      {isOpen && children}
    </details>
  );
}
