/**
 * Reads reports and time lines from the store, where another version, or anything else, may have
 * written. What has another form is left out, so that it stands in the way of nothing else.
 */
import { z } from 'zod';
import type { ChangeReport, NodeReport } from './model.js';

const count = z.int().nonnegative();
const text = z.string().max(1_000);
const id = z.string().regex(/^\d{1,19}$/);

const accepted = z.object({ environment: id, version: id, at: text, lagMs: z.number() });

const canary = z.object({
  state: z.enum(['ok', 'silent', 'waiting']),
  lastMs: z.number().optional(),
  waitingMs: z.number(),
  error: text.optional(),
});

const proxy = z.object({
  proxy: text,
  state: z.enum(['ok', 'failing']),
  waiting: count,
  missed: count,
  repairsPerMinute: count,
  error: text.optional(),
  accepted: accepted.optional(),
  holds: count.optional(),
  canary: canary.optional(),
});

const bucket = z.object({
  bucket: text,
  state: z.enum(['ok', 'failing']),
  behindEnvironments: count,
  behindMs: z.number(),
  aheadEnvironments: count,
  checkedMs: z.number().optional(),
  error: text.optional(),
});

const node = z.object({
  id: text,
  name: text,
  version: text,
  startedAt: text,
  status: z.enum(['starting', 'ready', 'degraded', 'stopping']),
  problems: z.array(z.object({ part: text, reason: text })),
  leader: z.boolean(),
  store: text,
  feedLagMs: z.number(),
  environments: count,
  directHolds: count,
  recoveriesPerMinute: count,
  proxies: z.array(proxy),
  buckets: z.array(bucket),
  inbox: z.object({ waiting: count, rejected: count, error: text.optional() }).optional(),
});

const arrival = z.object({
  proxy: text,
  acceptedMs: z.number().optional(),
});

const change = z.object({
  environment: id,
  version: id,
  at: text.refine((at) => !Number.isNaN(Date.parse(at))),
  configs: count,
  appliedMs: z.number().optional(),
  proxies: z.array(arrival),
});

/** Reads a report; `undefined` for one in another form. */
export function parseReport(json: string): NodeReport | undefined {
  return node.safeParse(parsed(json)).data;
}

/** Reads a time line; changes in another form are left out. */
export function parseTimeline(json: string | undefined): ChangeReport[] {
  const list = json === undefined ? [] : parsed(json);
  return Array.isArray(list) ? list.flatMap((each) => change.safeParse(each).data ?? []) : [];
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
