/** The route that writes back what the store lost. [protocol] #lost-writes */
import { z } from 'zod';
import { restore } from '../../recovery/restore.js';
import { idText } from './input.js';
import { adminRoute } from './route.js';

const restoredAnswer = z
  .object({
    environments: z.array(z.object({ id: idText, version: idText })),
    keys: z.int().meta({ description: 'Keys and revocations that were written.' }),
  })
  .meta({ id: 'Restored' });

/** The route of a restore. */
export const RESTORE_ROUTES = [
  adminRoute({
    method: 'POST',
    path: '/restore',
    operation: 'restore',
    role: 'admin',
    scope: 'installation',
    summary: 'Writes environments and keys back that the store lost, from the memory of this node',
    answers: { 200: restoredAnswer },
    handle: async ({ operator, note }, response, { store, replica }) => {
      const { environments, keys } = await restore(store, replica, operator.name);
      const written = environments.map(({ id, version }) => ({ id: `${id}`, version: `${version}` }));
      note({ details: { environments: `${written.length}`, keys: `${keys}` } });
      response.json({ environments: written, keys });
    },
  }),
];
