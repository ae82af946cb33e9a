/** Forms in dialogs: fields, and the server's sentence at the field that it names. */
import { createContext, useContext, useId, useState, type ReactNode } from 'react';
import { ApiError } from '../api.js';
import { Dialog } from './dialog.js';
import { sentenceOf } from './sentence.js';

const FormErrorContext = createContext<unknown>(null);

/** Draws a dialog with a form. */
export function FormDialog(props: {
  readonly title: string;
  /** The label of the button. */
  readonly action: string;
  readonly children: ReactNode;
  /** The fields that the form has, by the names that the server uses; other errors stand below. */
  readonly fields: readonly string[];
  readonly error: unknown;
  readonly isPending: boolean;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
}) {
  const { title, action, children, fields, error, isPending, onSubmit, onClose } = props;
  const isElsewhere = error !== null && !fields.some((name) => isOfField(error, name));
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!isPending) onSubmit();
        }}
      >
        <FormErrorContext value={error}>{children}</FormErrorContext>
        {isElsewhere && (
          <p role="alert" className="field-error">
            {sentenceOf(error)}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={isPending}>
            {isPending ? 'Saving …' : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What the control of a field takes over. */
export interface FieldProps {
  readonly id: string;
  readonly 'aria-invalid': boolean;
  readonly 'aria-describedby': string;
}

/** Draws a field with its note, or with its error in the place of that. */
export function FormField(props: {
  readonly label: string;
  /** As the server names it. */
  readonly name: string;
  readonly note?: string;
  /** An error that the page found itself. */
  readonly problem?: string | undefined;
  readonly children: (props: FieldProps) => ReactNode;
}) {
  const { label, name, note = '', problem, children } = props;
  const id = useId();
  const error = useContext(FormErrorContext);
  // An error is about what was sent, and no longer about what was typed since.
  const [outdated, setOutdated] = useState<unknown>(null);
  const isCurrent = error !== outdated && isOfField(error, name);
  const text = problem ?? (isCurrent ? sentenceOf(error) : undefined);
  return (
    <div className="field" onInput={() => setOutdated(error)}>
      <label htmlFor={`${id}-control`}>{label}</label>
      {children({
        id: `${id}-control`,
        'aria-invalid': text !== undefined,
        'aria-describedby': id,
      })}
      <small
        id={id}
        role={text === undefined ? undefined : 'alert'}
        className={text === undefined ? 'muted' : 'field-error'}
      >
        {text ?? note}
      </small>
    </div>
  );
}

function isOfField(error: unknown, name: string): boolean {
  if (!(error instanceof ApiError) || error.field === undefined) return false;
  return error.field === name || error.field.startsWith(`${name}.`) || error.field.startsWith(`${name}[`);
}
