/** Dialogs: the browser's own, which keeps the focus, closes by Escape and gives the focus back. */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';

/** Draws a modal dialog for as long as it is in the tree. */
export function Dialog({
  title,
  children,
  onClose,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element?.open === false) element.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={id} onCancel={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

/** Draws a dialog for what cannot be taken back easily: its name must be typed. */
export function ConfirmByTyping({
  title,
  children,
  word,
  action,
  onConfirm,
  onClose,
}: {
  readonly title: string;
  readonly children: ReactNode;
  /** The text to type. */
  readonly word: string;
  /** The label of the button. */
  readonly action: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}) {
  const [typed, setTyped] = useState('');
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === word) onConfirm();
        }}
      >
        <div className="dialog-text">{children}</div>
        <WordField word={word} typed={typed} onType={setTyped} />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-danger" disabled={typed !== word}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Asks for a word to be typed before something that cannot be taken back. */
export function WordField({
  word,
  typed,
  onType,
}: {
  readonly word: string;
  readonly typed: string;
  readonly onType: (text: string) => void;
}) {
  return (
    <label className="field">
      <span>
        Type <code>{word}</code> to confirm
      </span>
      <input
        value={typed}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => onType(target.value)}
      />
    </label>
  );
}
