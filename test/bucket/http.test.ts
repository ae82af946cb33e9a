/** Copies behind plain HTTP: what a public bucket or a CDN answers, and what it means. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { BucketReader } from '../../src/bucket/bucket.js';
import { manifestName } from '../../src/belt/format/names.js';
import { openSource, sourceName } from '../../src/bucket/sources.js';
import {
  newBucket,
  removeBuckets,
  startBeltServer,
  writeCopy,
  type TestBeltServer,
} from '../support/copies.js';

const NO_AWS = {
  accessKeyId: undefined,
  secretAccessKey: undefined,
  sessionToken: undefined,
  region: undefined,
};
let origin: Server | undefined;
let server: TestBeltServer | undefined;

afterEach(async () => {
  await server?.close();
  origin?.closeAllConnections();
  await new Promise((resolve) => (origin === undefined ? resolve(undefined) : origin.close(resolve)));
  origin = server = undefined;
  await removeBuckets();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function sourceAt(answer: Answer, path = '/flags/'): Promise<BucketReader> {
  origin = createServer(answer);
  await new Promise<void>((resolve) => origin!.listen(0, '127.0.0.1', resolve));
  return openSource(`http://127.0.0.1:${(origin.address() as AddressInfo).port}${path}`, NO_AWS);
}

describe('a source at an HTTP address', () => {
  it('a source at an HTTP address has copies below its path, keeps its query, and asks by ETag', async () => {
    const asked: unknown[] = [];
    const source = await sourceAt(({ url, headers }, response) => {
      asked.push([url, headers['if-none-match']]);
      if (headers['if-none-match'] === '"one"') response.writeHead(304, { age: '7' }).end();
      else response.writeHead(200, { etag: '"one"' }).end('content');
    }, '/flags?signature=s');
    const found = await source.read('environments/1/latest.json');
    expect(found).toMatchObject({ kind: 'found', etag: '"one"', age: 0 });
    expect(await source.read('environments/1/latest.json', { unless: '"one"' })).toEqual({
      kind: 'unchanged',
      age: 7,
    });
    expect(asked).toEqual([
      ['/flags/environments/1/latest.json?signature=s', undefined],
      ['/flags/environments/1/latest.json?signature=s', '"one"'],
    ]);
    expect(source.name).not.toContain('signature');
  });

  it('a source at an HTTP address has nothing where it says 404 or 410, and is unavailable where it says anything else', async () => {
    let status = 404;
    const source = await sourceAt((_request, response) => response.writeHead(status).end());
    for (status of [404, 410]) expect(await source.read('x')).toEqual({ kind: 'absent' });
    for (status of [204, 401, 403, 429, 500, 503]) {
      await expect(source.read('x')).rejects.toMatchObject({ code: 'bucket_unavailable' });
    }
    const closed = await openSource('http://127.0.0.1:1/', NO_AWS);
    await expect(closed.read('x')).rejects.toMatchObject({ code: 'bucket_unavailable' });
  });

  it('a source at an HTTP address that ends in the middle of a body has given nothing', async () => {
    const source = await sourceAt((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    await expect(source.read('x')).rejects.toMatchObject({ code: 'bucket_unavailable' });
  });

  it('a source at an HTTP address serves a belt server, and the time that a cache has had a manifest counts as age', async () => {
    const bucket = await newBucket();
    await writeCopy(bucket);
    const source = await sourceAt((request, response) => {
      const name = request.url!.slice('/flags/'.length);
      void bucket.read(name).then((reading) => {
        if (reading.kind !== 'found') response.writeHead(404).end();
        else response.writeHead(200, { age: name === manifestName(1n) ? '12' : '0' }).end(reading.bytes);
      });
    });
    server = await startBeltServer({ sources: [source] });
    expect(await server.served()).toEqual(['flag.a']);
    expect(Number((await server.snapshot()).headers.age)).toBeGreaterThanOrEqual(12);
  });
});

describe('the URL of a source', () => {
  it('the URL of a source is called by its place, without what may be secret', () => {
    expect(sourceName('https://copies.example.com/flags/?sig=abc', NO_AWS)).toBe(
      'https://copies.example.com/flags',
    );
    expect(sourceName('file:/srv/copies', NO_AWS)).toBe('file /srv/copies');
    expect(sourceName('s3://id:secret@bucket/flags', NO_AWS)).toBe('s3 bucket/flags');
  });

  for (const url of [
    'ftp://x',
    'https://user:password@x',
    'https://',
    'https://x/#a',
    'file:',
    's3://id@bucket',
    'x',
  ]) {
    it(`the URL of a source cannot be ${url}, and is not repeated`, () => {
      expect(() => sourceName(url, NO_AWS)).toThrow(/HOLDFAST_SOURCE/);
      try {
        sourceName(url, NO_AWS);
      } catch (error) {
        expect(String(error)).not.toContain('password');
        expect(String(error)).not.toContain('HOLDFAST_BELT');
      }
    });
  }
});
