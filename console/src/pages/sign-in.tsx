/** The page of signing in. */
import type { ReactNode } from 'react';
import { CopyableCommand } from '../parts/copy.js';
import { SignInForm } from '../parts/sign-in-form.js';

/** Draws the page. */
export function SignInPage({ reason }: { readonly reason?: string }) {
  return (
    <SignInCard title="Sign in">
      {reason !== undefined && <p className="notice sign-in-reason">{reason}</p>}
      <SignInForm isHere />
      <details>
        <summary>No token?</summary>
        <p>An admin creates an operator with a token of its own:</p>
        <CopyableCommand command="npx holdfast operators create NAME --role editor" />
      </details>
    </SignInCard>
  );
}

/** Draws the page of a window that has signed in another tab. */
export function HandedOverPage() {
  return (
    <SignInCard title="You are signed in">
      <p>Go back to the page that you came from. This window can be closed.</p>
    </SignInCard>
  );
}

function SignInCard({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <p className="brand brand-large">
          <img src="/console/icon.svg" alt="" width="32" height="32" />
          Holdfast
        </p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
