/** Tables that scroll sideways where the screen is narrow. */
import type { ReactNode } from 'react';

/** Draws the frame of a table. */
export function TableScroll({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls only what can have the focus
    <div className="table-scroll" role="region" aria-label={label} tabIndex={0}>
      <table className="wide-table">{children}</table>
    </div>
  );
}
