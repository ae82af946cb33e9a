/** `keys`: the API keys of an environment. */
import { answer, type CommandContext } from '../context.js';
import { environmentPath } from '../api.js';
import { shownTime } from '../value.js';

/** A key as the server lists it; never its text. Times are ISO 8601. */
interface ListedKey {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly createdAt: string;
  /** Absent when it does not expire. */
  readonly expiresAt?: string;
  /** Absent when it was never used. */
  readonly lastUsedAt?: string;
  /** Absent while the key is valid. */
  readonly revokedAt?: string;
}

/**
 * Creates an API key and prints it. The request is not repeated: the text of a key is shown once,
 * so a second request after a lost answer would leave a key behind whose text is lost.
 */
export async function createKey(
  context: CommandContext,
  { kind, name, expires }: { kind: string; name: string | undefined; expires: string | undefined },
): Promise<void> {
  const api = await context.api();
  const environment = context.environment();
  const { body } = await api.request('POST', `${environmentPath(environment)}/keys`, {
    as: 'admin',
    body: {
      kind,
      ...(name === undefined ? {} : { name }),
      ...(expires === undefined ? {} : { expiresAt: expires === 'never' ? null : expires }),
    },
    once: true,
  });
  const { id, key, expiresAt } = body as { id: string; key: string; expiresAt?: string };
  const expiry = expiresAt === undefined ? {} : { expiresAt };
  answer(context, { id, key, kind, environment, ...expiry }, (out) => {
    out.line('id   ', id);
    out.line('key  ', key);
    if (expiresAt !== undefined) out.line('until', ' ', shownTime(expiresAt));
  });
  context.err.line('The key is shown this once; the server keeps only a hash of it.');
}

/** Prints the keys of an environment; `keys list`. */
export async function listKeys(context: CommandContext): Promise<void> {
  const api = await context.api();
  const path = `${environmentPath(context.environment())}/keys`;
  const { keys } = (await api.request('GET', path, { as: 'admin' })).body as { keys: ListedKey[] };
  const rows = keys.map(({ id, kind, name, createdAt, expiresAt, lastUsedAt, revokedAt }) => [
    id,
    kind,
    name,
    shownTime(createdAt),
    shownTime(expiresAt),
    shownTime(lastUsedAt),
    shownTime(revokedAt),
  ]);
  answer(context, { keys }, (out) => {
    out.table([['ID', 'KIND', 'NAME', 'CREATED', 'EXPIRES', 'LAST USED', 'REVOKED'], ...rows], 'NAME');
  });
}

/** Revokes a key; `keys revoke`. */
export async function revokeKey(context: CommandContext, id: string): Promise<void> {
  const api = await context.api();
  await api.request('DELETE', `/admin/v1/keys/${encodeURIComponent(id)}`, { as: 'admin' });
  answer(context, { id }, (out) => {
    out.line(id, ' is revoked');
  });
}
