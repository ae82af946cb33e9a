/** The recovery link of a node that holds new subscriptions itself (HOLDFAST_HOLD=direct). */
import { expect, it } from 'vitest';
import { LINK_SECRET, startApp } from '../support/app.js';
import { flag } from '../support/configs.js';
import { channelsOf, keysIn } from '../support/stream.js';
import { RecoveryLink } from '../../src/subscribe/link.js';

it('a recovery that comes directly is answered, so that holds which proxies have go on', async () => {
  const app = await startApp({ env: { HOLDFAST_HOLD: 'direct' } });
  try {
    const environment = await app.environment();
    const { version } = await environment.commit(flag('a', true));
    const answer = await environment.recover(new RecoveryLink([LINK_SECRET]).path(), '0');
    expect(answer.status).toBe(200);
    expect(keysIn(answer.text)).toEqual(['a']);
    expect(channelsOf(answer)[0]).toBe(`environment-${environment.id}; prev-id=${version}`);
  } finally {
    await app.close();
  }
});
