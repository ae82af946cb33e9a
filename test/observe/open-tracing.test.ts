/** Spans that are sampled and spans that are not, side by side. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openTracing } from '../../src/observe/open-tracing.js';
import type { Tracing } from '../../src/observe/tracing.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SAMPLED = `00-${TRACE}-b7ad6b7169203331-01`;

let tracing: Tracing;
beforeEach(() => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9');
  vi.stubEnv('OTEL_TRACES_SAMPLER', 'parentbased_always_off');
  tracing = openTracing({ node: 'a', version: '1' });
});
afterEach(async () => {
  await tracing.close();
  vi.unstubAllEnvs();
});

describe('a span', () => {
  it('a span of a sampled trace is the one under way across promises, until its work is over', async () => {
    const span = tracing.begin('a', 'server', SAMPLED);
    expect(span.sampled).toBe(true);
    await span.within(async () => {
      await Promise.resolve();
      expect(tracing.fields()).toEqual({ traceId: TRACE, spanId: expect.any(String) as string });
      const child = tracing.begin('b', 'internal');
      expect(child).toMatchObject({ sampled: true, traceId: TRACE });
      child.end();
    });
    span.end();
    expect(tracing.current()).toBeUndefined();
  });

  it('a span that is not sampled leaves one that is under way as it is', async () => {
    const span = tracing.begin('a', 'server', SAMPLED);
    await span.within(async () => {
      // It begins in between, and lets the storage rest only when nothing is inside of a span.
      expect(tracing.begin('b', 'server', SAMPLED.replace(/1$/, '0')).sampled).toBe(false);
      await Promise.resolve();
      expect(tracing.current()).toContain(TRACE);
    });
    span.end();
    tracing.begin('c', 'server').end();
    const next = tracing.begin('d', 'server', SAMPLED);
    next.within(() => expect(tracing.current()).toContain(TRACE));
    next.end();
  });
});
