/** Expiry of keys and tokens. */
import { useNow } from './use-now.js';
import type { FieldProps } from './form.js';

const DAYS = [1, 7, 30, 90, 365] as const;

/** Returns the time that many days from now, as the server takes it; empty: never. */
export function expiryIn(days: string): string | null {
  return days === '' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString();
}

/** Draws the choice of an expiry, in days from now. */
export function ExpiryChoice(props: {
  readonly days: string;
  readonly given: FieldProps;
  /** An expiry that stays unless another one is chosen. */
  readonly present?: string | undefined;
  readonly onChange: (days: string) => void;
}) {
  const { days, given, present, onChange } = props;
  return (
    <select value={days} onChange={({ target }) => onChange(target.value)} {...given}>
      {present !== undefined && <option value={STAYS}>{present}, as it is</option>}
      {DAYS.map((each) => (
        <option key={each} value={each}>
          in {each === 1 ? '1 day' : `${each} days`}
        </option>
      ))}
      <option value="">never</option>
    </select>
  );
}

/** The choice that leaves the expiry as it is. */
export const STAYS = 'stays';

/** Draws an expiry in a table. */
export function ExpiryCell({ expiresAt }: { readonly expiresAt: string | undefined }) {
  const now = useNow();
  return (
    <td data-label="Expires" className="table-short">
      {expiresAt === undefined ? (
        'never'
      ) : Date.parse(expiresAt) <= now ? (
        <span className="tag">expired</span>
      ) : (
        <time dateTime={expiresAt} title={expiresAt}>
          {expiresAt.slice(0, 10)}
        </time>
      )}
    </td>
  );
}
