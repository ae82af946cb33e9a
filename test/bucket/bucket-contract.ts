/** The contract of every bucket. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bucket, WriteOptions } from '../../src/bucket/bucket.js';

export interface ContractSetup {
  /**
   * A bucket that has nothing of another test; each call gives another view of the same place for
   * the same `place`.
   */
  open(place: string): Promise<Bucket>;
  stop(): Promise<void>;
}

const AS = { contentType: 'text/plain', cacheControl: 'no-cache' } satisfies WriteOptions;
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

export async function textAt(bucket: Bucket, name: string): Promise<string | undefined> {
  const reading = await bucket.read(name);
  return reading.kind === 'found' ? Buffer.from(reading.bytes).toString() : undefined;
}

async function etagOf(bucket: Bucket, name: string): Promise<string> {
  const reading = await bucket.read(name);
  if (reading.kind !== 'found') throw new Error(`${name} is ${reading.kind}`);
  return reading.etag;
}

async function namesIn(bucket: Bucket, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of bucket.list(prefix)) names.push(name);
  return names;
}

/** @param conditions whether this bucket keeps conditions of writes */
export function bucketContract(
  title: string,
  start: () => Promise<ContractSetup>,
  conditions: 'kept' | 'ignored' = 'kept',
): void {
  describe(`a bucket: ${title}`, () => {
    let setup: ContractSetup;
    let places = 0;
    const open = () => setup.open(`place-${++places}`);
    beforeAll(async () => {
      setup = await start();
    });
    afterAll(() => setup.stop());

    it('gives back what was written, byte for byte, and what replaced it', async () => {
      const bucket = await open();
      const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
      expect(await bucket.write('a/b.bin', everyByte, AS)).toEqual({ kind: 'written' });
      const reading = await bucket.read('a/b.bin');
      expect(reading.kind === 'found' && new Uint8Array(reading.bytes)).toEqual(everyByte);
      await bucket.write('a/b.bin', bytes('other'), AS);
      expect(await textAt(bucket, 'a/b.bin')).toBe('other');
    });

    it('says that a name is absent', async () => {
      const bucket = await open();
      expect(await bucket.read('nothing')).toEqual({ kind: 'absent' });
      await bucket.write('a/b', bytes('x'), AS);
      expect(await bucket.read('a/c')).toEqual({ kind: 'absent' });
    });

    it('a bucket does not send again what the reader has', async () => {
      const bucket = await open();
      await bucket.write('a', bytes('one'), AS);
      const etag = await etagOf(bucket, 'a');
      expect(await bucket.read('a', { unless: etag })).toEqual({ kind: 'unchanged' });
      await bucket.write('a', bytes('two'), AS);
      expect(await bucket.read('a', { unless: etag })).toMatchObject({ kind: 'found' });
    });

    it('reads no content that is larger than what the caller takes', async () => {
      const bucket = await open();
      await bucket.write('a', bytes('one'), AS);
      expect(await bucket.read('a', { max: 3 })).toMatchObject({ kind: 'found' });
      await expect(bucket.read('a', { max: 2 })).rejects.toMatchObject({
        code: 'copy_damaged',
        message: expect.stringContaining('more than 2 bytes') as string,
      });
    });

    it('lists every name below a prefix, ascending, with its size and the time at which it was written', async () => {
      const bucket = await open();
      const names = ['e/1/10.x', 'e/1/9.x', 'e/1/latest', 'e/10/1.x', 'e/2/1.x', 'f/1'];
      for (const name of [...names].reverse()) await bucket.write(name, bytes(name), AS);
      expect(await namesIn(bucket, 'e/')).toEqual(names.slice(0, 5));
      expect(await namesIn(bucket, 'e/1/')).toEqual(names.slice(0, 3));
      expect(await namesIn(bucket, 'g/')).toEqual([]);
      for await (const { name, writtenAt, bytes: size } of bucket.list('e/')) {
        expect(size).toBe(name.length);
        expect(Math.abs(Date.now() - writtenAt)).toBeLessThan(60_000);
      }
    });

    it('removes a name, and takes one that is not there for removed', async () => {
      const bucket = await open();
      await bucket.write('a/1', bytes('x'), AS);
      await bucket.write('a/1', bytes('y'), AS);
      await bucket.remove('a/1');
      await bucket.remove('a/1');
      expect(await bucket.read('a/1')).toEqual({ kind: 'absent' });
      expect(await namesIn(bucket, 'a/')).toEqual([]);
    });

    it('ends immediately with bucket_unavailable when it is aborted', async () => {
      const bucket = await open();
      const signal = AbortSignal.abort();
      await expect(bucket.read('a', { signal })).rejects.toMatchObject({ code: 'bucket_unavailable' });
      await expect(bucket.write('a', bytes('x'), { ...AS, signal })).rejects.toMatchObject({
        code: 'bucket_unavailable',
      });
    });

    it(`says that conditions are ${conditions}`, async () => {
      expect(await (await open()).conditions()).toBe(conditions);
    });

    if (conditions === 'ignored') return;

    it('makes a write on condition only while the condition holds', async () => {
      const bucket = await open();
      const absent = { ...AS, condition: 'absent' } as const;
      expect(await bucket.write('a', bytes('one'), absent)).toEqual({ kind: 'written' });
      expect(await bucket.write('a', bytes('two'), absent)).toEqual({ kind: 'conflict' });
      expect(await textAt(bucket, 'a')).toBe('one');
      const etag = await etagOf(bucket, 'a');
      expect(await bucket.write('a', bytes('three'), { ...AS, condition: { etag } })).toEqual({
        kind: 'written',
      });
      expect(await bucket.write('a', bytes('four'), { ...AS, condition: { etag } })).toEqual({
        kind: 'conflict',
      });
      expect(await textAt(bucket, 'a')).toBe('three');
    });

    it('takes no write that was made against something that is gone', async () => {
      const bucket = await open();
      await bucket.write('a', bytes('one'), AS);
      const etag = await etagOf(bucket, 'a');
      await bucket.remove('a');
      expect(await bucket.write('a', bytes('two'), { ...AS, condition: { etag } })).toEqual({
        kind: 'conflict',
      });
      expect(await bucket.read('a')).toEqual({ kind: 'absent' });
    });

    it('lets one of many writers that read the same state succeed, and no success is lost', async () => {
      const place = `place-${++places}`;
      const writers = await Promise.all(Array.from({ length: 4 }, () => setup.open(place)));
      let successes = 0;
      const increment = async (bucket: Bucket): Promise<void> => {
        for (let i = 0; i < 8; i++) {
          const reading = await bucket.read('counter');
          const found = reading.kind === 'found';
          const next = found ? Number(Buffer.from(reading.bytes).toString()) + 1 : 1;
          const condition = found ? { etag: reading.etag } : ('absent' as const);
          const { kind } = await bucket.write('counter', bytes(`${next}`), { ...AS, condition });
          if (kind === 'written') successes++;
        }
      };
      await Promise.all(writers.map(increment));
      expect(await textAt(writers[0]!, 'counter')).toBe(`${successes}`);
      expect(successes).toBeGreaterThanOrEqual(8);
    });
  });
}
