/** The time for ages that pages show, so that they do not stand still. */
import { useEffect, useState } from 'react';

/** Returns the time, milliseconds since 1970, as of the last half minute. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
