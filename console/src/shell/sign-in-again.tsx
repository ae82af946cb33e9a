/** Signing in again above the open page, which keeps what was typed. */
import { useEffect, useId, useRef } from 'react';
import { SignInForm } from '../parts/sign-in-form.js';
import { awaitHandOver } from '../sign-in.js';
import { endSession } from '../session.js';

/** Draws the dialog. It cannot be closed but by signing in, or by leaving the page. */
export function SignInAgain({ reason }: { readonly reason: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element?.open === false) element.showModal();
    const stop = awaitHandOver();
    return () => {
      stop();
      element?.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog sign-in-again"
      aria-labelledby={id}
      onCancel={(event) => event.preventDefault()}
    >
      <h2 id={id}>Sign in again</h2>
      <p className="notice sign-in-reason">{reason}</p>
      <p>What you typed on this page is still there.</p>
      <SignInForm isHere={false} />
      <button type="button" className="button button-quiet" onClick={() => endSession()}>
        Leave this page
      </button>
    </dialog>
  );
}
