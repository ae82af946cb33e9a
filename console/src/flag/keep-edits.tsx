/** Edits that were not saved: leaving the page asks first. */
import { useBlocker } from '@tanstack/react-router';
import { Dialog } from '../parts/dialog.js';

/** Asks before edits are lost, by a dialog, or by the browser where the page itself is left. */
export function KeepEdits({ isEdited }: { readonly isEdited: boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: () => isEdited,
    enableBeforeUnload: isEdited,
    disabled: !isEdited,
    withResolver: true,
  });
  if (blocker.status !== 'blocked') return null;
  return (
    <Dialog title="Leave without saving?" onClose={blocker.reset}>
      <p className="dialog-text">
        What you changed on this page was not saved, and is lost when you leave it.
      </p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={blocker.reset}>
          Stay
        </button>
        <button type="button" className="button button-danger" onClick={blocker.proceed}>
          Leave without saving
        </button>
      </div>
    </Dialog>
  );
}
