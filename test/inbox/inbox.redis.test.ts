import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { change, startInbox, type InboxStack } from '../support/inbox.js';

let stack: InboxStack;
beforeAll(async () => {
  stack = await startInbox();
});
afterAll(() => stack.stop());
beforeEach(() => stack.clear());

describe('events', () => {
  it('are committed in the order in which they were added', async () => {
    for (let i = 0; i < 40; i++) await stack.addChange(1 + (i % 2), change(`k${i}`));
    const { counts } = await stack.consume();
    await stack.settled();
    expect(await stack.committed()).toEqual(Array.from({ length: 40 }, (_, i) => `k${i}`));
    expect(counts).toEqual({ committed: 40, repeated: 0, rejected: [] });
  });
});
