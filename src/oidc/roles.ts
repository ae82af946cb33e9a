/** The roles that values of a claim give: the grammar of HOLDFAST_OIDC_ROLES, and the decision. Pure. */
import { OPERATOR_ROLES, type OperatorRole } from '../store/operators.js';

/** One entry of HOLDFAST_OIDC_ROLES. */
export interface RoleRule {
  /** A value of the claim; `*`: anyone whom the issuer signs in. */
  readonly value: string;
  readonly role: OperatorRole;
  /** Numbers or names of environments, or all of them. */
  readonly environments: 'all' | readonly string[];
}

/** The decision about a person. */
export type RoleDecision =
  | {
      readonly kind: 'granted';
      readonly role: OperatorRole;
      readonly environments: 'all' | readonly string[];
      /** The entry that decides: a value of the claim, or `*`. */
      readonly value: string;
    }
  | { readonly kind: 'refused' };

const FORM =
  'must be entries such as flags-admins=admin, separated by commas: a value of the claim (in double quotes if it has a comma in it), =, and viewer, editor or admin, which may be followed by : and environments with | between them';

/** A value, quoted or not; `=`; a role; environments. */
const ENTRY = /^(?:"([^"]+)"|([^"]+?))\s*=\s*(\w+)\s*(?::(.*))?$/;

/**
 * Parses HOLDFAST_OIDC_ROLES: `flags-admins=admin, flags-editors=editor:staging|production, *=viewer`.
 *
 * @throws Error whose message goes after the name of the setting
 */
export function parseRoleRules(text: string): readonly RoleRule[] {
  const rules = splitEntries(text).map((entry, i) => parseEntry(entry, i + 1));
  if (rules.length === 0) throw new Error(`${FORM}.`);
  const any = rules.findIndex(({ value }) => value === '*');
  if (any >= 0 && any < rules.length - 1) {
    throw new Error('must have * as its last entry: the first entry that matches counts.');
  }
  return rules;
}

/**
 * Decides by the first entry that matches. Entries after it that match too and give the same role
 * add their environments; none gives another role.
 */
export function decideRole(values: readonly string[], rules: readonly RoleRule[]): RoleDecision {
  const matching = rules.filter(({ value }) => value === '*' || values.includes(value));
  const [first] = matching;
  if (first === undefined) return { kind: 'refused' };
  const lists = matching.filter(({ role }) => role === first.role).map(({ environments }) => environments);
  const environments = lists.includes('all') ? 'all' : [...new Set(lists.flat())];
  return { kind: 'granted', role: first.role, environments, value: first.value };
}

/** Splits at commas that are not in quotes. Line breaks are spaces. */
function splitEntries(text: string): string[] {
  const parts = text.replace(/\s+/g, ' ').match(/(?:"[^"]*"|[^,])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function parseEntry(entry: string, place: number): RoleRule {
  const [, quoted, bare, given, list] = ENTRY.exec(entry) ?? [];
  const value = quoted ?? bare?.trim();
  const role = OPERATOR_ROLES.find((each) => each === given);
  if (value === undefined || role === undefined) throw new Error(`${FORM}. Entry ${place} is not.`);
  if (list === undefined) return { value, role, environments: 'all' };
  const environments = list.split('|').map((each) => each.trim());
  if (environments.includes('')) throw new Error(`${FORM}. Entry ${place} has an empty environment.`);
  return { value, role, environments };
}
