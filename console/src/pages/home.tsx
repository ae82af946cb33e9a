/** The first page: the flags of an environment, or the next step when there is none. */
import { useQuery } from '@tanstack/react-query';
import { Link, Navigate } from '@tanstack/react-router';
import { Empty, Failed } from '../parts/page-notices.js';
import { environmentsQuery } from '../queries.js';

/** Draws the way to the first environment. */
export function HomePage() {
  const { data, error, refetch } = useQuery(environmentsQuery);
  if (error !== null) return <Failed error={error} retry={() => void refetch()} />;
  if (data === undefined) return <p className="loading">Loading environments …</p>;
  const [first] = data;
  if (first !== undefined)
    return <Navigate to="/e/$environment/flags" params={{ environment: first.id }} replace />;
  return (
    <Empty
      title="There is no environment yet"
      command="npx holdfast environments put 1 --project 1 --name Development"
    >
      <p>
        An environment is one set of flags that an API key can read. Create the first one{' '}
        <Link to="/environments">here</Link>, or from a terminal:
      </p>
    </Empty>
  );
}
