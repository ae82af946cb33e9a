import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { LoopDelay } from '../../src/observe/loop-delay.js';
import { ProcessMetrics } from '../../src/observe/process-metrics.js';

/** Keeps the event loop for that long. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

it('shows a long turn until two windows later, however often it is read', async () => {
  const loop = new LoopDelay(1_000);
  await delay(50);
  block(300);
  await delay(50);
  expect(loop.read()['1']).toBeGreaterThan(0.28);
  expect(loop.read()['1']).toBeGreaterThan(0.28);
  expect(loop.read()['0.5']).toBeLessThan(0.28);
  // In the window after it, it is the longest still; in the one after that no longer.
  await delay(1_000);
  expect(loop.read()['1']).toBeGreaterThan(0.28);
  await delay(1_100);
  expect(loop.read()['1']).toBeLessThan(0.28);
});

it('the delay of the event loop is a metric of every process', async () => {
  const metrics = new ProcessMetrics();
  await delay(50);
  block(120);
  await delay(50);
  const text = await metrics.registry.metrics();
  const longest = /^holdfast_event_loop_delay_seconds\{quantile="1"\} (\S+)$/m.exec(text)?.[1];
  expect(Number(longest)).toBeGreaterThan(0.1);
  expect(text).toMatch(/^holdfast_event_loop_delay_seconds\{quantile="0.99"\} /m);
});
