/** `sessions`: people who signed in with the issuer. */
import { HoldfastError } from '../../core/errors.js';
import { answer, type CommandContext } from '../context.js';
import { shownTime } from '../value.js';

/** A session as the server lists it. */
interface ListedSession {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly environments: 'all' | readonly string[];
  readonly claim: string;
  readonly createdAt: string;
  readonly expiresAt: string;
}

const PATH = '/admin/v1/sessions';

/** Prints the sessions; `sessions list`. */
export async function listSessions(context: CommandContext): Promise<void> {
  const api = await context.api();
  const { sessions } = (await api.request('GET', PATH, { as: 'admin' })).body as {
    sessions: ListedSession[];
  };
  const rows = sessions.map(({ name, role, environments, claim, createdAt, expiresAt }) => [
    name,
    role,
    environments === 'all' ? 'all' : environments.join(' '),
    claim,
    shownTime(createdAt),
    shownTime(expiresAt),
  ]);
  answer(context, { sessions }, (out) => {
    if (rows.length === 0) out.line('No session is open.');
    else out.table([['NAME', 'ROLE', 'ENVIRONMENTS', 'BY', 'SINCE', 'EXPIRES'], ...rows], 'BY');
  });
}

/** Ends the sessions of a person, or all; `sessions end`. */
export async function endSessions(
  context: CommandContext,
  name: string | undefined,
  { all = false }: { readonly all?: boolean | undefined },
): Promise<void> {
  if ((name === undefined) !== all) {
    throw new HoldfastError('field_invalid', 'give the name of a person, or --all for everyone');
  }
  const api = await context.api();
  const path = name === undefined ? PATH : `${PATH}?name=${encodeURIComponent(name)}`;
  const { ended } = (await api.request('DELETE', path, { as: 'admin' })).body as { ended: ListedSession[] };
  answer(context, { ended }, (out) => {
    out.line(`${ended.length} ${ended.length === 1 ? 'session' : 'sessions'} ended`);
  });
}
