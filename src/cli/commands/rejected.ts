/** `rejected`: inbox events that failed validation. */
import { answer, type CommandContext } from '../context.js';
import { count } from '../format.js';
import { shownTime } from '../value.js';

/** A rejected event as the server lists it. */
interface Listed {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly error: { readonly code: string; readonly message: string };
  readonly fields: readonly { readonly name: string; readonly text?: string }[];
}

/** Prints the rejected inbox events; `rejected list`. */
export async function listRejected(context: CommandContext, most: string): Promise<void> {
  const api = await context.api();
  const reply = await api.request('GET', `/admin/v1/rejected?count=${encodeURIComponent(most)}`, {
    as: 'admin',
  });
  const { total, events } = reply.body as { total: number; events: Listed[] };
  const rows = events.map((event) => [
    event.id,
    shownTime(event.at),
    textOf(event, 'environment'),
    textOf(event, 'event'),
    event.error.code,
    event.error.message,
  ]);
  answer(context, { total, events }, (out) => {
    out.table([['ID', 'REJECTED', 'ENVIRONMENT', 'EVENT', 'CODE', 'MESSAGE'], ...rows], 'MESSAGE');
  });
  const more = total > events.length ? `, the oldest ${events.length} listed` : '';
  context.err.line(`${count(total, 'rejected event')}${more}`);
}

/**
 * Asked for once only: a second request after a lost answer would say that the event is not there.
 */
export async function retryRejected(context: CommandContext, id: string): Promise<void> {
  const api = await context.api();
  const path = `/admin/v1/rejected/${encodeURIComponent(id)}/retry`;
  const { event } = (await api.request('POST', path, { as: 'admin', once: true })).body as { event: string };
  answer(context, { id, event }, (out) => {
    out.line(id, ' is in the inbox again as ', event);
  });
}

/** Asked for once only, as is a retry. */
export async function dropRejected(context: CommandContext, id: string): Promise<void> {
  const api = await context.api();
  await api.request('DELETE', `/admin/v1/rejected/${encodeURIComponent(id)}`, { as: 'admin', once: true });
  answer(context, { id }, (out) => {
    out.line(id, ' is dropped');
  });
}

function textOf({ fields }: Listed, name: string): string {
  return fields.find((field) => field.name === name)?.text ?? '';
}
