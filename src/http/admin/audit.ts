/** The route of the audit trail. [protocol] #audit-trail */
import { z } from 'zod';
import { reaches } from '../../operators/operator.js';
import type { AuditLog, StoredAuditEntry } from '../../store/audit.js';
import { parseVersion } from '../../ruleset/version.js';
import type { Operator } from '../../store/operators.js';
import { countParameter, idText, timeText } from './input.js';
import { adminRoute } from './route.js';

const COUNT_DEFAULT = 50;
const COUNT_MAX = 500;
/** Entries that are read from the store at a time. */
const BATCH = 500;
/** Entries that one request looks at; the cursor of its answer goes on from there. */
const LOOKED_AT_MAX = 5_000;

const BEFORE_RULE = 'must be the value of next in an answer, such as 1795296825336-0';
const ENVIRONMENT_RULE = 'must be the number of an environment';
const TEXT_RULE = 'must be given once, with a value';

const textParameter = z.string(TEXT_RULE).min(1, TEXT_RULE).max(200, TEXT_RULE).optional();

const query = z.object({
  count: countParameter(COUNT_DEFAULT, COUNT_MAX),
  before: z
    .string(BEFORE_RULE)
    .regex(/^\d{1,15}-\d{1,15}$/, BEFORE_RULE)
    .optional()
    .meta({ description: 'Only entries older than that one.' }),
  action: textParameter.meta({ description: 'The name of an operation, or refuseCredential.' }),
  operator: textParameter,
  subject: textParameter,
  environment: z
    .string(ENVIRONMENT_RULE)
    .refine((text) => parseVersion(text) !== undefined, ENVIRONMENT_RULE)
    .transform(BigInt)
    .optional()
    .meta({ pattern: '^\\d{1,19}$' }),
});

const entryAnswer = z
  .object({
    id: z.string(),
    at: timeText,
    action: z.string(),
    operator: z.string().meta({ description: 'Empty for a refused credential.' }),
    environment: idText.optional(),
    subject: z.string().optional(),
    details: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'AuditEntry' });

/** The route that lists the audit trail. */
export const AUDIT_ROUTES = [
  adminRoute({
    method: 'GET',
    path: '/audit',
    operation: 'listAudit',
    role: 'admin',
    scope: 'own',
    summary: 'Lists the audit trail, newest first',
    query,
    answers: {
      200: z.object({
        entries: z.array(entryAnswer),
        next: z.string().optional().meta({ description: 'The value of before for what is older.' }),
      }),
    },
    handle: async ({ operator, query }, response, { store }) => {
      const isWanted = (entry: StoredAuditEntry) => matches(entry, query) && isShown(entry, operator);
      const { entries, next } = await search(store.audit, query, isWanted);
      response.json({ entries: entries.map(entryJson), ...(next === undefined ? {} : { next }) });
    },
  }),
];

/** Reads batches until there are enough entries, or the trail or the bound is at its end. */
async function search(
  audit: AuditLog,
  { before, count }: { before?: string | undefined; count: number },
  isWanted: (entry: StoredAuditEntry) => boolean,
): Promise<{ entries: StoredAuditEntry[]; next: string | undefined }> {
  const entries: StoredAuditEntry[] = [];
  let from = before;
  for (let lookedAt = 0; lookedAt < LOOKED_AT_MAX; lookedAt += BATCH) {
    const batch = await audit.before(from, BATCH);
    for (const entry of batch) {
      from = entry.id;
      if (isWanted(entry)) entries.push(entry);
      if (entries.length === count) return { entries, next: from };
    }
    if (batch.length < BATCH) return { entries, next: undefined };
  }
  return { entries, next: from };
}

function matches(entry: StoredAuditEntry, wanted: z.output<typeof query>): boolean {
  return (['action', 'operator', 'subject', 'environment'] as const).every(
    (name) => wanted[name] === undefined || wanted[name] === entry[name],
  );
}

/** An entry without an environment is for those who have all. */
function isShown({ environment }: StoredAuditEntry, operator: Operator): boolean {
  return operator.environments === 'all' || (environment !== undefined && reaches(operator, environment));
}

function entryJson(entry: StoredAuditEntry): z.input<typeof entryAnswer> {
  const { at, environment, subject, details, id, action, operator } = entry;
  return {
    id,
    at: new Date(at).toISOString(),
    action,
    operator,
    ...(environment === undefined ? {} : { environment: `${environment}` }),
    ...(subject === undefined ? {} : { subject }),
    ...(details === undefined ? {} : { details }),
  };
}
