/** The whole page: signing in, and then the shell with the pages in it. */
import { useQueryClient } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { HandedOverPage, SignInPage } from '../pages/sign-in.js';
import { router } from '../router.js';
import { useSession } from '../session.js';
import { SignInAgain } from './sign-in-again.js';

/** Draws the console. */
export function Console() {
  const session = useSession();
  const name = session.kind === 'active' || session.kind === 'paused' ? session.self.name : undefined;
  useFreshQueries(session.kind === 'active' ? session.token : undefined, name);
  if (session.kind === 'starting') return <p className="starting">Signing in …</p>;
  if (session.kind === 'handed over') return <HandedOverPage />;
  if (session.kind === 'none')
    return <SignInPage {...(session.reason === undefined ? {} : { reason: session.reason })} />;
  return (
    <>
      {/* Another operator gets pages without what this one typed. */}
      <RouterProvider key={name} router={router} />
      {session.kind === 'paused' && <SignInAgain reason={session.reason} />}
    </>
  );
}

/** Reads everything again after signing in again, and forgets what another operator has read. */
function useFreshQueries(token: string | undefined, name: string | undefined): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (token !== undefined) void queries.invalidateQueries();
  }, [queries, token]);
  useEffect(() => () => queries.clear(), [queries, name]);
}
