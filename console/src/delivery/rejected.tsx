/** Rejected events of the inbox: the reason, and the two ways out. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { NodeReport } from '../../../src/delivery/model.js';
import { call } from '../api.js';
import { ConfirmByTyping } from '../parts/dialog.js';
import { Failed } from '../parts/page-notices.js';
import { sentenceOf } from '../parts/sentence.js';
import { useMay } from '../session.js';
import { showToast } from '../shell/toasts.js';

interface RejectedEvent {
  readonly id: string;
  readonly at: string;
  readonly error: { readonly message: string; readonly field?: string };
}

/** Draws the inbox of the leader. The list is read again when the stream says that its length changed. */
export function Rejected({ inbox }: { readonly inbox: NonNullable<NodeReport['inbox']> }) {
  const { waiting, rejected, error: inboxError } = inbox;
  const { data, error, refetch } = useQuery({
    queryKey: ['rejected', rejected],
    queryFn: ({ signal }) =>
      call<{ total: number; events: readonly RejectedEvent[] }>('/rejected', { signal }),
    enabled: rejected > 0,
  });
  const isOld = data !== undefined && rejected > 0 && data.total !== rejected;
  // An event that is retried and rejected again leaves the number as it was: each report is looked at.
  useEffect(() => {
    if (isOld) void refetch();
  }, [inbox, isOld, refetch]);
  return (
    <section aria-labelledby="inbox">
      <h2 id="inbox">Inbox</h2>
      <p className="muted">
        {waiting} waiting, {rejected} rejected
      </p>
      {inboxError !== undefined && <p className="notice">{inboxError}</p>}
      {error !== null && <Failed error={error} />}
      {rejected > 0 && (
        <ul className="rejected">
          {(data?.events ?? []).map((event) => (
            <RejectedRow key={event.id} event={event} />
          ))}
        </ul>
      )}
    </section>
  );
}

function RejectedRow({ event: { id, at, error } }: { readonly event: RejectedEvent }) {
  const [isAsking, setAsking] = useState(false);
  const isEditor = useMay('editor');
  const { mutate, isPending } = useDecision(id, () => setAsking(false));
  return (
    <li className="card rejected-event">
      <div>
        <p>
          <span className="mono">{id}</span>{' '}
          <time dateTime={at} className="muted">
            {new Date(at).toLocaleString()}
          </time>
        </p>
        <p>{sentenceOf(new Error(error.message))}</p>
      </div>
      {isEditor && (
        <div className="rejected-actions">
          <button
            type="button"
            className="button button-small"
            disabled={isPending}
            onClick={() => mutate('retry')}
          >
            Retry
          </button>
          <button type="button" className="button button-danger button-small" onClick={() => setAsking(true)}>
            Drop
          </button>
        </div>
      )}
      {isAsking && (
        <ConfirmByTyping
          title="Drop this event?"
          word={id}
          action="Drop"
          onConfirm={() => mutate('drop')}
          onClose={() => setAsking(false)}
        >
          <p>It is removed for good: its change is not made, and cannot be brought back.</p>
        </ConfirmByTyping>
      )}
    </li>
  );
}

function useDecision(id: string, onSettled: () => void) {
  const queries = useQueryClient();
  const path = `/rejected/${encodeURIComponent(id)}`;
  return useMutation({
    mutationFn: (decision: 'retry' | 'drop') =>
      decision === 'retry'
        ? call<unknown>(`${path}/retry`, { method: 'POST' })
        : call<unknown>(path, { method: 'DELETE' }),
    onSuccess: async (_, decision) => {
      const text = decision === 'retry' ? 'is in the inbox again, behind all others.' : 'was dropped.';
      showToast({ tone: 'done', text: `The event ${id} ${text}` });
      await queries.invalidateQueries({ queryKey: ['rejected'] });
    },
    onError: (error) => showToast({ tone: 'failed', text: sentenceOf(error) }),
    onSettled,
  });
}
