/**
 * Warnings about variables that are given and have no effect: options of other processes, and
 * misspelt names. Pure.
 */
import { distance } from '../core/spelling.js';
import { isGiven, type EnvironmentVariables, type Option, type Role } from './option.js';
import { clientVariables } from './client-variables.js';
import { options } from './options.js';
import { fileVariable } from './secret-file.js';

const table = Object.values<Option<Role, unknown>>(options);

/** Every name that some process or command reads. */
const KNOWN = [...table, ...Object.values<Named>(clientVariables)].flatMap(({ name, secret }) =>
  secret === true ? [name, fileVariable(name)] : [name],
);

/** The parts of a variable that decide its names. */
interface Named {
  readonly name: string;
  readonly secret?: true;
}

/** Names that only Holdfast has, or that the field has given to publishers of GRIP. */
const OURS = /^(?:HOLDFAST|GRIP)_/i;

/**
 * Kubernetes sets such variables in each pod for each service, so a service called `holdfast` makes
 * some that look like settings.
 */
const OF_KUBERNETES = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP)(?:_\w+)?)$/;

/** A sentence for each variable that is given and has no effect on a process of that role. */
export function nameWarnings(role: Role, env: EnvironmentVariables): string[] {
  const unused = table
    .filter((option) => !option.roles.includes(role) && isGiven(option, env))
    .filter(({ name }) => !isOfKubernetes(name, env))
    .map(({ name, roles }) => `${name} has no effect on a ${role}: it is a setting of ${plurals(roles)}.`);
  return [...unused, ...misspelt(env)];
}

function plurals(roles: readonly Role[]): string {
  return roles.map((role) => `${role}s`).join(' and ');
}

function misspelt(env: EnvironmentVariables): string[] {
  return Object.keys(env)
    .sort()
    .filter((name) => !KNOWN.includes(name) && !isOfKubernetes(name, env))
    .flatMap((name) => {
      const meant = nearest(name);
      if (meant !== undefined)
        return [`${name} is not a setting of Holdfast and has no effect; did you mean ${meant}?`];
      if (!OURS.test(name)) return [];
      return [`${name} is not a setting of Holdfast and has no effect; holdfast help settings lists them.`];
    });
}

function isOfKubernetes(name: string, env: EnvironmentVariables): boolean {
  return OF_KUBERNETES.test(name) || (name.endsWith('_PORT') && /^(?:tcp|udp):\/\//.test(env[name] ?? ''));
}

/** The known name that was probably meant; `undefined` when no name is near. */
function nearest(name: string): string | undefined {
  const given = name.toUpperCase();
  // A prefix too many: HOLDFAST_PORT, HOLDFAST_GRIP_URL. Or one of ours without its own: a name
  // such as STORE may be anyone's.
  const bare = given.replace(/^HOLDFAST_/, '');
  if (bare !== given && KNOWN.includes(bare)) return bare;
  const candidates = OURS.test(name) ? KNOWN : KNOWN.filter((known) => OURS.test(known));
  const [best] = candidates
    .map((known) => ({ known, distance: distance(given, known) }))
    .filter(({ known, distance: edits }) => edits <= tolerance(known))
    .sort((a, b) => a.distance - b.distance);
  return best?.known;
}

/**
 * The edits that still are a misspelling: GRIP_URL and GRID_URL differ by one, and one more would
 * make it CRIB_URL.
 */
function tolerance(known: string): number {
  return known.length < 12 ? 1 : 2;
}
