/** `operators` and `audit`: tokens of people and scripts, and what was done with them. */
import { HoldfastError } from '../../core/errors.js';
import { answer, type CommandContext } from '../context.js';
import { shownTime } from '../value.js';

/** An operator as the server lists it; never the token. */
interface ListedOperator {
  readonly name: string;
  readonly role: string;
  readonly environments: 'all' | readonly string[];
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly lastUsedOn?: string;
}

/** An entry of the audit trail. */
interface ListedEntry {
  readonly id: string;
  readonly at: string;
  readonly action: string;
  readonly operator: string;
  readonly environment?: string;
  readonly subject?: string;
  readonly details?: Readonly<Record<string, string>>;
}

/** The settings of an operator as options say them; an absent one is left as it is. */
export interface OperatorOptions {
  readonly role?: string | undefined;
  /** `all`, or numbers or names with commas between them. */
  readonly environments?: string | undefined;
  /** A time, or `never`. */
  readonly expires?: string | undefined;
}

const PATH = '/admin/v1/operators';

/** Creates an operator and prints its token. Asked for once only: the token is shown once. */
export async function createOperator(
  context: CommandContext,
  name: string,
  options: OperatorOptions,
): Promise<void> {
  const api = await context.api();
  const request = { as: 'admin', body: { name, ...bodyOf(options) }, once: true } as const;
  const created = (await api.request('POST', PATH, request)).body as ListedOperator & { token: string };
  showToken(context, created);
}

/** Prints the operators; `operators list`. */
export async function listOperators(context: CommandContext): Promise<void> {
  const api = await context.api();
  const { operators } = (await api.request('GET', PATH, { as: 'admin' })).body as {
    operators: ListedOperator[];
  };
  const rows = operators.map(({ name, role, environments, expiresAt, lastUsedOn = '' }) => [
    name,
    role,
    environments === 'all' ? 'all' : environments.join(' '),
    shownTime(expiresAt),
    lastUsedOn,
  ]);
  answer(context, { operators }, (out) => {
    out.table([['NAME', 'ROLE', 'ENVIRONMENTS', 'EXPIRES', 'LAST USED'], ...rows], 'ENVIRONMENTS');
  });
}

/** Changes an operator; `operators change`. */
export async function changeOperator(
  context: CommandContext,
  name: string,
  options: OperatorOptions,
): Promise<void> {
  const body = bodyOf(options);
  if (Object.keys(body).length === 0) {
    throw new HoldfastError('field_invalid', 'nothing to change: give --role, --environments or --expires');
  }
  const api = await context.api();
  const changed = (await api.request('PUT', pathOf(name), { as: 'admin', body })).body as ListedOperator;
  answer(context, changed, (out) => {
    out.line(name, ' is changed: ', changed.role);
  });
}

/** Gives an operator a new token and prints it. Asked for once only, as is a new operator. */
export async function rotateToken(
  context: CommandContext,
  name: string,
  { expires }: Pick<OperatorOptions, 'expires'>,
): Promise<void> {
  const api = await context.api();
  const request = { as: 'admin', body: bodyOf({ expires }), once: true } as const;
  const reply = await api.request('POST', `${pathOf(name)}/rotate`, request);
  showToken(context, reply.body as ListedOperator & { token: string });
}

/** Removes an operator; `operators revoke`. */
export async function revokeOperator(context: CommandContext, name: string): Promise<void> {
  const api = await context.api();
  await api.request('DELETE', pathOf(name), { as: 'admin' });
  answer(context, { name }, (out) => {
    out.line(name, ' is revoked');
  });
}

/** Filters of the audit trail, by the names of the parameters. */
export interface AuditOptions {
  readonly count?: string | undefined;
  readonly before?: string | undefined;
  readonly action?: string | undefined;
  readonly operator?: string | undefined;
  readonly subject?: string | undefined;
}

/** Prints the audit trail, newest first; `audit`. */
export async function showAudit(context: CommandContext, options: AuditOptions): Promise<void> {
  const query = new URLSearchParams();
  // By name: options of the connection, with the token among them, must not get into the path.
  for (const name of ['count', 'before', 'action', 'operator', 'subject'] as const) {
    const value = options[name];
    if (value !== undefined) query.set(name, value);
  }
  const api = await context.api();
  const path = `/admin/v1/audit${query.size === 0 ? '' : `?${query.toString()}`}`;
  const { entries, next } = (await api.request('GET', path, { as: 'admin' })).body as {
    entries: ListedEntry[];
    next?: string;
  };
  const rows = entries.map(({ at, operator, action, environment = '', subject = '', details = {} }) => [
    shownTime(at),
    operator,
    action,
    environment,
    subject,
    Object.entries(details)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  ]);
  answer(context, { entries, ...(next === undefined ? {} : { next }) }, (out) => {
    if (rows.length === 0) out.line('There are no such entries.');
    else out.table([['AT', 'OPERATOR', 'ACTION', 'ENVIRONMENT', 'SUBJECT', 'DETAILS'], ...rows], 'DETAILS');
  });
  if (next !== undefined) context.err.line(`Older entries: --before ${next}`);
}

function showToken(context: CommandContext, operator: ListedOperator & { token: string }): void {
  answer(context, operator, (out) => {
    out.line('name   ', operator.name);
    out.line('token  ', operator.token);
  });
  context.err.line('The token is shown this once; the server keeps only a hash of it.');
}

function bodyOf({ role, environments, expires }: OperatorOptions): Record<string, unknown> {
  return {
    ...(role === undefined ? {} : { role }),
    ...(environments === undefined
      ? {}
      : {
          environments: environments === 'all' ? 'all' : environments.split(',').map((each) => each.trim()),
        }),
    ...(expires === undefined ? {} : { expiresAt: expires === 'never' ? null : expires }),
  };
}

function pathOf(name: string): string {
  return `${PATH}/${encodeURIComponent(name)}`;
}
