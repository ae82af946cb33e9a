/** The first page, which leads to the flags of an environment. */
import { useQuery } from '@tanstack/react-query';
import { Navigate, useLocation } from '@tanstack/react-router';
import { Failed } from '../parts/page-notices.js';
import { environmentsQuery } from '../queries.js';

/** Leads to the first environment, or to where it is created. */
export function HomePage() {
  const { data, error, refetch } = useQuery(environmentsQuery);
  const { pathname } = useLocation();
  // Another page was opened, and its file is on the way: this one must not lead away from it.
  if (pathname !== '/') return null;
  if (error !== null) return <Failed error={error} retry={() => void refetch()} />;
  if (data === undefined) return <p className="loading">Loading environments …</p>;
  const [first] = data;
  if (first !== undefined)
    return <Navigate to="/e/$environment/flags" params={{ environment: first.id }} replace />;
  return <Navigate to="/environments" replace />;
}
