/**
 * The trust in `Grip-Sig` where serve-grip carries the instructions: the verifier always runs
 * before it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServeGrip } from '@fanoutio/serve-grip/node';
import express, { type Express, type IRouter } from 'express';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gripCarrier, instructHold } from '../../src/grip/carrier.js';
import { parseGripUrl } from '../../src/grip/proxies.js';
import { SignatureVerifier } from '../../src/grip/signature.js';
import { GRIP_URL, inSeconds, sign, startApp, type TestApp } from '../support/app.js';

/** The sources that contain a text. */
function filesWith(text: string): string[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return files.filter((file) => readFileSync(join('src', file), 'utf8').includes(text)).sort();
}

describe('serve-grip in the routes of the app', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp();
  });

  afterAll(() => app.close());

  it('serve-grip in the routes of the app runs behind the verifier, for the routes of streams and for no other', () => {
    expect(filesWith('gripCarrier(')).toEqual([join('grip', 'carrier.ts'), join('http', 'streams.ts')]);
    expect(filesWith('streamGrip(')).toEqual([join('http', 'event-streams.ts'), join('http', 'streams.ts')]);
  });

  it('serve-grip in the routes of the app is mounted nowhere without the verifier', () => {
    const bare = handlersOf(app.app.router as IRouter).filter(({ handle }) => handle instanceof ServeGrip);
    expect(bare).toEqual([]);
  });

  it('serve-grip in the routes of the app is imported by one file', () => {
    expect(filesWith("from '@fanoutio/serve-grip")).toEqual([join('grip', 'carrier.ts')]);
  });
});

describe('a request to a route with serve-grip', () => {
  const app = carrierApp();

  it.each<[string, () => Promise<string>]>([
    ['garbage', async () => 'garbage'],
    ['an expired signature', () => sign({ claims: { exp: inSeconds(-90) } })],
    ['a signature without expiry', () => sign({ claims: { exp: undefined } })],
    ['a signature of another issuer', () => sign({ claims: { iss: 'fastly:other' } })],
    ['a signature by another key', () => sign({ key: Buffer.from('not the key of this proxy') })],
    ['alg: none', async () => unsigned()],
    ['alg: none with a signature', async () => `${unsigned()}${(await sign()).split('.')[2]!}`],
  ])(
    'a request to a route with serve-grip with %s is not proxied, loses the header and cannot be held',
    async (_, signature) => {
      const answer = await request(app)
        .get('/stream')
        .set('Grip-Sig', await signature());
      expect(answer.body).toEqual({ isProxied: false });
      const refused = await request(app)
        .get('/hold')
        .set('Grip-Sig', await signature());
      expect([refused.status, refused.headers['grip-hold']]).toEqual([500, undefined]);
    },
  );

  it('a request to a route with serve-grip without a signature is not proxied', async () => {
    expect((await request(app).get('/stream')).body).toEqual({ isProxied: false });
  });

  it('a request to a route with serve-grip with a good signature is proxied, and its response carries the instructions', async () => {
    const signature = await sign();
    expect((await request(app).get('/stream').set('Grip-Sig', signature)).body).toEqual({
      isProxied: true,
      signature,
    });
    const answer = await request(app).get('/hold').set('Grip-Sig', signature);
    expect(answer.headers).toMatchObject({
      'grip-hold': 'stream',
      'grip-channel': 'environment-7; prev-id=5, key-k; prev-id=0',
      'grip-keep-alive': ': k\\n; format=cstring; timeout=20',
      'grip-link': '</next>; rel=next; timeout=48',
    });
  });

  it('a request to a route with serve-grip with a good signature after bad ones is proxied, and the reverse is not', async () => {
    for (const [signature, isProxied] of [
      ['garbage', false],
      [await sign(), true],
      ['garbage', false],
    ] as const) {
      const answer = await request(app).get('/stream').set('Grip-Sig', signature);
      expect((answer.body as { isProxied: boolean }).isProxied).toBe(isProxied);
    }
  });
});

/** Every handler of a router and of the routers in it, with the pattern of its route. */
function handlersOf(router: IRouter): { path: string; handle: (...given: never[]) => unknown }[] {
  return router.stack.flatMap((layer) => {
    const { route, handle } = layer;
    if (route !== undefined) return route.stack.map((each) => ({ path: route.path, handle: each.handle }));
    const mounted = handle as unknown as Partial<IRouter>;
    return mounted.stack === undefined ? [{ path: 'use', handle }] : handlersOf(mounted as IRouter);
  });
}

function carrierApp(): Express {
  const grip = gripCarrier(new SignatureVerifier(parseGripUrl(GRIP_URL).signers));
  return express()
    .get('/stream', grip, ({ grip: seen, headers }, response) => {
      response.json({ isProxied: seen?.isProxied, signature: headers['grip-sig'] });
    })
    .get('/hold', grip, (_, response) => {
      instructHold(response, {
        channels: [
          { name: 'environment-7', prevId: '5' },
          { name: 'key-k', prevId: '0' },
        ],
        keepAlive: { text: ': k\n', seconds: 20 },
        link: { path: '/next', timeout: 48 },
      });
      response.end();
    })
    .use(((_error, _request, response, _next) => {
      response.status(500).end();
    }) satisfies express.ErrorRequestHandler);
}

function unsigned(): string {
  const parts = [
    { alg: 'none', typ: 'JWT' },
    { iss: 'pushpin', exp: inSeconds(3600) },
  ];
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
}
