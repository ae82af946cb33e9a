/** `rejected`: inbox events that failed validation. */
import type { Api } from '../api.js';
import type { CommandIO } from '../io.js';
import { columns, count, plain } from '../format.js';
import { formatTime } from '../value.js';

/** A rejected event as the server lists it. */
interface Listed {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly error: { readonly code: string; readonly message: string };
  readonly fields: readonly { readonly name: string; readonly text?: string }[];
}

/** Prints the rejected inbox events; `rejected list`. */
export async function listRejected(api: Api, around: CommandIO, most: string): Promise<void> {
  const reply = await api.request('GET', `/admin/v1/rejected?count=${encodeURIComponent(most)}`, {
    as: 'admin',
  });
  const { total, events } = reply.body as { total: number; events: Listed[] };
  const rows = events.map((event) => [
    event.id,
    formatTime(Date.parse(event.at)),
    textOf(event, 'environment'),
    textOf(event, 'event'),
    event.error.code,
    event.error.message,
  ]);
  around.stdout.write(columns([['ID', 'REJECTED', 'ENVIRONMENT', 'EVENT', 'CODE', 'MESSAGE'], ...rows]));
  const more = total > events.length ? `, the oldest ${events.length} listed` : '';
  around.stderr.write(`${count(total, 'rejected event')}${more}\n`);
}

/**
 * Asked for once only: a second request after a lost answer would say that the event is not there.
 */
export async function retryRejected(api: Api, around: CommandIO, id: string): Promise<void> {
  const path = `/admin/v1/rejected/${encodeURIComponent(id)}/retry`;
  const { event } = (await api.request('POST', path, { as: 'admin', once: true })).body as { event: string };
  around.stdout.write(`${plain(id)} is in the inbox again as ${plain(event)}\n`);
}

/** Asked for once only, as is a retry. */
export async function dropRejected(api: Api, around: CommandIO, id: string): Promise<void> {
  await api.request('DELETE', `/admin/v1/rejected/${encodeURIComponent(id)}`, { as: 'admin', once: true });
  around.stdout.write(`${plain(id)} is dropped\n`);
}

function textOf({ fields }: Listed, name: string): string {
  return fields.find((field) => field.name === name)?.text ?? '';
}
