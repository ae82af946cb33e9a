/** The flags of an environment. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Failed } from '../parts/page-notices.js';
import { rulesetQuery } from '../queries.js';

/** Draws the list. */
export function FlagsPage() {
  const { environment = '' } = useParams({ strict: false });
  const { data, error, refetch } = useQuery(rulesetQuery(environment));
  if (error !== null) return <Failed error={error} retry={() => void refetch()} />;
  return (
    <div className="page">
      <h1>Flags</h1>
      <ul>
        {data?.configs.map(({ key }) => (
          <li key={key}>{key}</li>
        ))}
      </ul>
    </div>
  );
}
