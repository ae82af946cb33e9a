/** Pages of the console in Chromium, signed in, that say when the list of flags is on the screen. */
import type { Browser, Page } from 'playwright-core';
import type { HoldfastNode } from '../test/support/node.js';

// A text, because the types of pages are not among those of the benchmarks. A row is on the screen
// when a task runs behind the frame that drew it.
const NOTE_PAINT = `
  new MutationObserver((_, observer) => {
    if (document.querySelector('.flags-body .flag-row') === null) return;
    observer.disconnect();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => (window.painted = performance.now());
      port2.postMessage(null);
    });
  }).observe(document, { childList: true, subtree: true });
`;

/** A page in a browser profile of its own. */
export interface ConsolePage {
  readonly page: Page;
  readonly close: () => Promise<void>;
}

/** Opens a page; `path` is below `/console`. `window.painted` is when a row of the list was seen. */
export async function openConsolePage(
  browser: Browser,
  node: HoldfastNode,
  token: string,
  path: string,
): Promise<ConsolePage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.addInitScript(`sessionStorage.setItem('holdfast.token', ${JSON.stringify(token)})`);
  await context.addInitScript(NOTE_PAINT);
  const page = await context.newPage();
  await page.goto(`${node.url}/console${path}`, { waitUntil: 'commit' });
  return { page, close: () => context.close() };
}
