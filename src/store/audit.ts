/** The part of the store's port that keeps the audit trail, and the form of its entries. */

/** One thing that was done, or refused, in administration. It holds no secrets. */
export interface AuditEntry {
  /** Milliseconds since 1970, by the clock of the node. */
  readonly at: number;
  /** The name of the route, such as `createKey`, or `refuseCredential`. */
  readonly action: string;
  /** The name of the operator; empty for a refused credential. */
  readonly operator: string;
  readonly environment?: bigint | undefined;
  /** The thing that it was done to: the id of a key, the name of an operator, an address. */
  readonly subject?: string | undefined;
  readonly details?: Readonly<Record<string, string>> | undefined;
}

/** An entry with its place in the trail. */
export interface StoredAuditEntry extends AuditEntry {
  /** Two numbers with a dash between them, ascending. */
  readonly id: string;
}

/** AuditLog keeps the newest entries: at most `AUDIT_MAX_ENTRIES`, each of `AUDIT_ENTRY_MAX_BYTES`. */
export interface AuditLog {
  add(entry: AuditEntry): Promise<void>;
  /** At most `count` entries older than that one (`undefined`: the newest), newest first. */
  before(id: string | undefined, count: number): Promise<StoredAuditEntry[]>;
}

/** The number of entries that a store keeps; the oldest are dropped. */
export const AUDIT_MAX_ENTRIES = 10_000;

/** The longest entry, bytes of its JSON. The texts of a longer one are cut. */
export const AUDIT_ENTRY_MAX_BYTES = 2_048;

const TEXT_MAX = 200;
const DETAILS_MAX = 6;

/** Writes an entry as JSON that is within its bound. */
export function auditToJson(entry: AuditEntry): string {
  for (let max = TEXT_MAX; ; max = Math.floor(max / 2)) {
    const text = JSON.stringify(shortened(entry, max));
    if (max === 0 || Buffer.byteLength(text) <= AUDIT_ENTRY_MAX_BYTES) return text;
  }
}

/** Reads an entry from JSON. @throws when the text is not what `auditToJson` makes */
export function auditFromJson(text: string): AuditEntry {
  const entry = JSON.parse(text) as Omit<AuditEntry, 'environment'> & { environment?: string };
  const { environment, ...rest } = entry;
  return environment === undefined ? rest : { ...rest, environment: BigInt(environment) };
}

/** Compares two ids of entries: below 0 when the first is older. */
export function compareAuditIds(a: string, b: string): number {
  const [[aTime = 0, aCount = 0], [bTime = 0, bCount = 0]] = [numbersOf(a), numbersOf(b)];
  return aTime - bTime || aCount - bCount;
}

function numbersOf(id: string): number[] {
  return id.split('-').map(Number);
}

function shortened(entry: AuditEntry, max: number): object {
  const { at, action, operator, environment, subject, details } = entry;
  const pairs = Object.entries(details ?? {}).slice(0, DETAILS_MAX);
  return {
    at,
    action: action.slice(0, TEXT_MAX),
    operator: operator.slice(0, max),
    environment: environment === undefined ? undefined : `${environment}`,
    subject: subject?.slice(0, max),
    details:
      pairs.length === 0
        ? undefined
        : Object.fromEntries(pairs.map(([name, value]) => [name.slice(0, 40), value.slice(0, max)])),
  };
}
