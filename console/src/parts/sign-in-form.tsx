/** The ways to sign in: with the issuer, if there is one, and with an operator's token. */
import { useQuery } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { issuerAddress, issuerLink, openIssuerWindow, signIn, type IssuerLink } from '../sign-in.js';
import { sentenceOf } from './sentence.js';

/** Draws the ways to sign in. @param isHere true on a page of its own; false above pages that must stay */
export function SignInForm({ isHere }: { readonly isHere: boolean }) {
  // Without an answer the token is the only way, and a refusal of it says more.
  const { data: link } = useQuery({
    queryKey: ['sign-in'],
    queryFn: async ({ signal }) => (await issuerLink(signal)) ?? null,
  });
  return (
    <>
      {link !== undefined && link !== null && (
        <>
          <IssuerButton link={link} isHere={isHere} />
          <p className="sign-in-or">or with a token</p>
        </>
      )}
      <TokenForm isSecondary={link !== undefined && link !== null} />
    </>
  );
}

function IssuerButton({ link, isHere }: { readonly link: IssuerLink; readonly isHere: boolean }) {
  const text = `Sign in with ${link.label}`;
  // Another address of the console has pages of another origin: it can hand nothing over to this one.
  if (isHere || new URL(link.url).origin !== location.origin) {
    return (
      <a className="button button-primary sign-in-issuer" href={issuerAddress(link)}>
        {text}
      </a>
    );
  }
  return (
    <button
      type="button"
      className="button button-primary sign-in-issuer"
      onClick={() => openIssuerWindow(link)}
    >
      {text}
    </button>
  );
}

function TokenForm({ isSecondary }: { readonly isSecondary: boolean }) {
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
      <button
        type="submit"
        className={isSecondary ? 'button' : 'button button-primary'}
        disabled={state === 'sending'}
      >
        {state === 'sending' ? 'Signing in …' : 'Sign in'}
      </button>
    </form>
  );
}
