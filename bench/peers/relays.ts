/** Centrifugo, and LaunchDarkly's relay behind a stand-in for LaunchDarkly. */
import { createServer, type ServerResponse } from 'node:http';
import { freePort } from '../../test/support/ports.js';
import { requestText } from './raw-http.js';
import { fileOf, publishing, start, type StreamPeer } from './servers.js';

/** Starts Centrifugo with its engine in memory and unidirectional SSE. */
export async function centrifugo(): Promise<StreamPeer> {
  const port = await freePort();
  const settings = {
    http_server: { port: `${port}` },
    http_api: { insecure: true },
    client: { insecure: true },
    uni_sse: { enabled: true },
    log: { level: 'error' },
  };
  const config = fileOf('config.json', JSON.stringify(settings));
  const peer = await start('Centrifugo', 'centrifugo', ['--config', config], port);
  const connect = encodeURIComponent(JSON.stringify({ subs: { bench: {} } }));
  return {
    ...peer,
    subscribe: requestText(port, `GET /connection/uni_sse?cf_connect=${connect}`, {
      Accept: 'text/event-stream',
    }),
    publish: publishing(
      `http://127.0.0.1:${port}/api/publish`,
      (text) => JSON.stringify({ channel: 'bench', data: { text } }),
      { 'content-type': 'application/json' },
    ),
  };
}

const SDK_KEY = 'sdk-11111111-1111-4111-8111-111111111111';

/** Starts LaunchDarkly's relay. Its stream of flags comes from a stand-in in this process. */
export async function ldRelay(): Promise<StreamPeer> {
  const upstream = new Set<ServerResponse>();
  const launchDarkly = createServer((request, response) => {
    if (request.url !== '/all') {
      response.writeHead(202).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const data = { path: '/', data: { flags: {}, segments: {} } };
    response.write(`event: put\ndata: ${JSON.stringify(data)}\n\n`);
    upstream.add(response);
  });
  const from = await freePort();
  await new Promise<void>((resolve) => launchDarkly.listen(from, '127.0.0.1', resolve));
  const port = await freePort();
  const origin = `http://127.0.0.1:${from}`;
  const config = fileOf(
    'relay.conf',
    `[Main]
    port = ${port}
    streamUri = "${origin}"
    baseUri = "${origin}"
    clientSideBaseUri = "${origin}"
    logLevel = "error"
    [Environment "bench"]
    sdkKey = "${SDK_KEY}"\n`,
  );
  const peer = await start('ld-relay', 'ld-relay', ['--config', config], port);
  let version = 0;
  return {
    ...peer,
    stop: async () => {
      launchDarkly.closeAllConnections();
      launchDarkly.close();
      return peer.stop();
    },
    subscribe: requestText(port, 'GET /all', { Authorization: SDK_KEY, Accept: 'text/event-stream' }),
    publish: async (send) => {
      const marker = `change-${version++}-`;
      const flag = {
        key: 'bench',
        version,
        on: true,
        fallthrough: { variation: 0 },
        variations: [marker.padEnd(200, 'x')],
        salt: '',
      };
      const patch = { path: '/flags/bench', data: flag };
      for (const response of upstream) response.write(`event: patch\ndata: ${JSON.stringify(patch)}\n\n`);
      await send(marker);
    },
  };
}
