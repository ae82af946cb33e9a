/** The buttons at the end of a table's row. */

/** A button of a row. */
export interface RowAction {
  readonly label: string;
  /** Says of what, for those who do not see the row. */
  readonly name: string;
  readonly isDanger?: boolean;
  readonly isDisabled?: boolean;
  readonly run: () => void;
}

/** Draws the buttons of a row; the cell is there without any, so that rows are alike. */
export function RowActions({ actions }: { readonly actions: readonly RowAction[] }) {
  return (
    <td className="table-actions">
      {actions.map(({ label, name, isDanger = false, isDisabled = false, run }) => (
        <button
          key={label}
          type="button"
          className={isDanger ? 'button button-small button-danger' : 'button button-small'}
          aria-label={name}
          disabled={isDisabled}
          onClick={run}
        >
          {label}
        </button>
      ))}
    </td>
  );
}

/** Draws the head of the column with buttons. */
export function ActionsHead() {
  return (
    <th scope="col">
      <span className="hidden">Actions</span>
    </th>
  );
}
