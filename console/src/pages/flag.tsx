/** One flag. */
import { useParams } from '@tanstack/react-router';

/** Draws the editor. */
export function FlagPage() {
  const { key = '' } = useParams({ strict: false });
  return (
    <div className="page">
      <h1>{key}</h1>
    </div>
  );
}
