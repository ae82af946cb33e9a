/**
 * `npm run docs:pictures`: takes the pictures of the documentation from those that the tests of the
 * console made (`npx vitest run test/console`). Look at them before they are committed.
 */
import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The picture of the tests by the name in docs/how-to. */
const PICTURES = {
  'console-delivery': 'delivery-two-nodes-light',
  'console-flag': 'flag-light',
  'console-flags': 'flags-light',
  'console-keys': 'keys-light',
  'console-sign-in': 'sign-in-issuer-light',
  'console-try': 'try-segment-light',
};

for (const [name, taken] of Object.entries(PICTURES)) {
  const [from, to] = [`.stack/console/${taken}.png`, `docs/how-to/${name}.png`].map((path) =>
    fileURLToPath(new URL(`../${path}`, import.meta.url)),
  );
  copyFileSync(from, to);
}
