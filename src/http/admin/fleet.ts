/** The route of the fleet: who is online at which version. [protocol] #fleet */
import { z } from 'zod';
import { unknownEnvironment } from '../../replica/missing.js';
import { streamPositionText } from '../../grip/channels.js';
import { idText } from './input.js';
import { adminRoute } from './route.js';

/** The entries that an answer has at most. */
const LISTED_MAX = 1_000;

const lagAnswer = z.enum(['current', 'under_t', 'over_t']);

const entryAnswer = z.object({
  key: z.object({ id: z.string(), name: z.string().optional() }),
  proxy: z.string().meta({ description: 'The address that its requests come from; direct: a node holds.' }),
  stream: z.enum(['configs', 'clients']),
  version: z.string().meta({ description: 'Where they stand: the id of the last event.' }),
  lag: lagAnswer,
  holds: z.int().meta({ description: 'There are at least so many; of direct holds exactly so many.' }),
  heardMs: z.int().meta({ description: 'Milliseconds since the last of them was heard of.' }),
});

/** The route that lists where the holds of an environment stand. */
export const FLEET_ROUTES = [
  adminRoute({
    method: 'GET',
    path: '/environments/:id/fleet',
    operation: 'getFleet',
    role: 'viewer',
    scope: 'environment',
    summary: 'Lists where the holds of an environment stand, by key and proxy',
    answers: {
      200: z
        .object({
          version: idText,
          stalenessSeconds: z.int(),
          holds: z.object({ current: z.int(), under_t: z.int(), over_t: z.int() }).meta({
            description: 'The sums of all entries: at least so many.',
          }),
          entries: z.array(entryAnswer),
          truncated: z.boolean().meta({ description: 'True when there are entries that are not listed.' }),
        })
        .meta({ id: 'Fleet' }),
    },
    handle: async ({ environment }, response, { replica, fleet, stalenessSeconds }) => {
      const ruleset = await replica.ruleset(environment);
      if (ruleset === undefined) throw unknownEnvironment(environment);
      const { entries, isTruncated } = await fleet.everywhere();
      const names = new Map(replica.keyring.of(environment).map(({ id, name }) => [id, name]));
      const latest = { configs: fleet.latest(ruleset, 'configs'), clients: fleet.latest(ruleset, 'clients') };
      const holds = { current: 0, under_t: 0, over_t: 0 };
      const listed = entries
        .filter((entry) => entry.environment === environment)
        .sort((a, b) => (a.position < b.position ? -1 : a.position > b.position ? 1 : 0))
        .map(({ keyId, proxy, stream, position, holds: count, ageMs }) => {
          const lag = fleet.lag(position, latest[stream]);
          holds[lag] += count;
          const name = names.get(keyId);
          return {
            key: { id: keyId, ...(name === undefined ? {} : { name }) },
            proxy,
            stream,
            version: streamPositionText(stream, position),
            lag,
            holds: count,
            heardMs: ageMs,
          };
        });
      response.json({
        version: `${ruleset.version}`,
        stalenessSeconds,
        holds,
        entries: listed.slice(0, LISTED_MAX),
        truncated: isTruncated || listed.length > LISTED_MAX,
      });
    },
  }),
];
