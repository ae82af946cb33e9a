/** Signing in with an operator's token. */
import { useState, type SyntheticEvent } from 'react';
import { CopyableCommand } from '../parts/copy.js';
import { sentenceOf } from '../parts/sentence.js';
import { signIn } from '../sign-in.js';

/** Draws the form. */
export function SignInPage({ reason }: { readonly reason?: string }) {
  const [token, setToken] = useState('');
  const [isKept, setKept] = useState(false);
  const [state, setState] = useState<'idle' | 'sending' | { readonly error: unknown }>('idle');
  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setState('sending');
    try {
      await signIn(token.trim(), isKept);
    } catch (error) {
      setState({ error });
    }
  };
  const error = typeof state === 'object' ? sentenceOf(state.error) : undefined;
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <p className="brand brand-large">
          <img src="/console/icon.svg" alt="" width="32" height="32" />
          Holdfast
        </p>
        <h1>Sign in</h1>
        {reason !== undefined && <p className="notice">{reason}</p>}
        <form onSubmit={(event) => void submit(event)}>
          <label className="field">
            <span>Operator token</span>
            <input
              type="password"
              name="token"
              autoComplete="off"
              required
              value={token}
              aria-invalid={error !== undefined}
              aria-describedby={error === undefined ? undefined : 'sign-in-error'}
              onChange={({ target }) => setToken(target.value)}
            />
          </label>
          {error !== undefined && (
            <p id="sign-in-error" className="field-error" role="alert">
              {error}
            </p>
          )}
          <label className="check">
            <input type="checkbox" checked={isKept} onChange={({ target }) => setKept(target.checked)} />
            <span>Stay signed in until this tab is closed</span>
          </label>
          <button type="submit" className="button button-primary" disabled={state === 'sending'}>
            {state === 'sending' ? 'Signing in …' : 'Sign in'}
          </button>
        </form>
        <details>
          <summary>No token?</summary>
          <p>An admin creates an operator with a token of its own:</p>
          <CopyableCommand command="npx holdfast operators create NAME --role editor" />
        </details>
      </div>
    </main>
  );
}
