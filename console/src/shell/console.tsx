/** The whole page: signing in, and then the shell with the pages in it. */
import { RouterProvider } from '@tanstack/react-router';
import { useSession } from '../session.js';
import { SignInPage } from '../pages/sign-in.js';
import { router } from '../router.js';

/** Draws the console. */
export function Console() {
  const session = useSession();
  if (session.kind === 'starting') return <p className="starting">Signing in …</p>;
  if (session.kind === 'none')
    return <SignInPage {...(session.reason === undefined ? {} : { reason: session.reason })} />;
  return <RouterProvider router={router} />;
}
