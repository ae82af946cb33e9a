/** The one stream of delivery: read for as long as the page is open, and opened again when it ends. */
import { useEffect, useState } from 'react';
import { SseParser } from '../../../src/core/sse.js';
import type { DeliveryState } from '../../../src/delivery/model.js';
import { openStream } from '../api.js';
import { stateAfter } from '../model/delivery.js';

/** The state, and the error that keeps it from being live. */
export interface Delivery {
  readonly state: DeliveryState | undefined;
  readonly isLive: boolean;
  readonly error: unknown;
}

const RETRY_MS = 2_000;
/** The server sends a comment every 15 s: without a byte for longer the connection is dead. */
const SILENCE_MS = 40_000;

/** Subscribes a component to the stream of delivery. */
export function useDelivery(): Delivery {
  const [delivery, setDelivery] = useState<Delivery>({
    state: undefined,
    isLive: false,
    error: undefined,
  });
  useEffect(() => {
    const stop = new AbortController();
    void follow(stop.signal, (change) => setDelivery((before) => ({ ...before, ...change(before) })));
    return () => stop.abort();
  }, []);
  return delivery;
}

type Change = (before: Delivery) => Partial<Delivery>;

async function follow(stop: AbortSignal, set: (change: Change) => void): Promise<void> {
  const isStopped = (): boolean => stop.aborted;
  while (!isStopped()) {
    try {
      await readOnce(stop, set);
      set(() => ({ isLive: false, error: undefined }));
    } catch (error) {
      if (isStopped()) return;
      set(() => ({ isLive: false, error }));
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function readOnce(stop: AbortSignal, set: (change: Change) => void): Promise<void> {
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), SILENCE_MS);
  try {
    const body = await openStream('/delivery/events', AbortSignal.any([stop, silent.signal]));
    const reader = body.getReader();
    const parser = new SseParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), SILENCE_MS);
      for (const block of parser.read(value)) {
        if (block.kind !== 'event' || block.name === 'end') continue;
        const { name, data } = block;
        set(({ state }) => ({ state: stateAfter(state, name, data), isLive: true, error: undefined }));
      }
    }
  } catch (error) {
    if (silent.signal.aborted && !stop.aborted) throw new Error('the node is silent; connecting again');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
