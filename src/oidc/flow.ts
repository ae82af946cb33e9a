/**
 * The state of a sign-in between its requests, which may reach different nodes: sealed in a cookie
 * with a key that all nodes have. The browser can neither read nor change it, and no node keeps it.
 *
 *     start      → asked: what the answer of the issuer must match
 *     callback   → answered: the hash of the code that begins the session, so that it works in this
 *                  browser alone; or refused: the reason, for the page to show
 */
import { hkdfSync } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { z } from 'zod';

const FLOW = z.discriminatedUnion('step', [
  z.object({
    step: z.literal('asked'),
    state: z.string(),
    nonce: z.string(),
    verifier: z.string(),
    returnTo: z.string(),
  }),
  z.object({ step: z.literal('answered'), codeHash: z.string() }),
  z.object({
    step: z.literal('refused'),
    codeHash: z.string(),
    error: z.enum(['unauthorized', 'forbidden', 'busy', 'issuer_unavailable', 'store_unavailable']),
    message: z.string(),
  }),
]);

/** The state of a sign-in. */
export type FlowState = z.infer<typeof FLOW>;

/** The time for which each state counts, seconds. People type passwords and second factors. */
const SECONDS: Readonly<Record<FlowState['step'], number>> = { asked: 600, answered: 120, refused: 120 };

/** FlowSeal seals the state of a sign-in, and opens it at any node with one of the same secrets. */
export class FlowSeal {
  readonly #keys: readonly Uint8Array[];
  readonly #now: () => number;

  /** @param secrets those of HOLDFAST_SECRET: the first seals, each opens */
  constructor(secrets: readonly string[], now: () => number) {
    this.#keys = secrets.map(
      (secret) => new Uint8Array(hkdfSync('sha256', secret, '', 'holdfast sign-in', 32)),
    );
    this.#now = now;
  }

  /** Seals a state. */
  async seal(state: FlowState): Promise<string> {
    const [key] = this.#keys;
    if (key === undefined) throw new Error('there is no secret to seal with');
    const now = Math.floor(this.#now() / 1000);
    return new EncryptJWT(state)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setIssuedAt(now)
      .setExpirationTime(now + SECONDS[state.step])
      .encrypt(key);
  }

  /** Opens a state; `undefined`: there is none, it is too old, or none of the nodes sealed it. */
  async open(sealed: string | undefined): Promise<FlowState | undefined> {
    if (sealed === undefined) return undefined;
    for (const key of this.#keys) {
      try {
        const { payload } = await jwtDecrypt(sealed, key, {
          contentEncryptionAlgorithms: ['A256GCM'],
          keyManagementAlgorithms: ['dir'],
          currentDate: new Date(this.#now()),
        });
        return FLOW.parse(payload);
      } catch {
        // Another secret may have sealed it; one that none opens counts as none.
      }
    }
    return undefined;
  }
}
