/** Streaming miss: an origin of bounded, cacheable streams behind a real Varnish. */
import { numberOf } from './event.js';
import { Origin, type OriginOptions } from './origin.js';
import type { SetUp } from './set-up.js';
import { startVarnish, type Vcl } from './varnish.js';

export interface StreamingMissOptions extends OriginOptions {
  readonly vcl: Vcl;
}

export async function startStreamingMiss(options: StreamingMissOptions): Promise<SetUp> {
  const origin = new Origin(options);
  await origin.start();
  try {
    const varnish = await startVarnish(options.vcl, origin.port);
    return {
      target: {
        url: `${varnish.url}/api/v1/sse/config`,
        headers: {},
        numbersIn: (data) => [numberOf(data)],
      },
      publish: (event) => {
        origin.publish(event);
        return Promise.resolve();
      },
      restart: () => origin.restart(),
      originRequests: () => Promise.resolve(origin.requests),
      stop: async () => {
        await varnish.stop();
        await origin.stop();
      },
    };
  } catch (error) {
    await origin.stop();
    throw error;
  }
}
