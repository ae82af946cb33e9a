/** Secrets that are shown once. */
import { CopyButton } from './copy.js';
import { Dialog } from './dialog.js';

/** Draws a secret with a button that copies it. The page has it nowhere else. */
export function IssuedSecret(props: {
  readonly title: string;
  readonly secret: string;
  /** Where it is to be put. */
  readonly note: string;
  readonly onClose: () => void;
}) {
  const { title, secret, note, onClose } = props;
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="issued">
        <p>It is shown this once: Holdfast keeps a hash of it only. {note}</p>
        <div className="command">
          <code data-testid="secret">{secret}</code>
          <CopyButton text={secret} />
        </div>
        <div className="dialog-actions">
          <button type="button" className="button button-primary" onClick={onClose}>
            I have stored it
          </button>
        </div>
      </div>
    </Dialog>
  );
}
