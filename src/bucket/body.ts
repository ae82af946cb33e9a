/** The body of an HTTP answer that has a copy. */
import { tooLarge } from './bucket.js';

/**
 * Reads a body, and no further than its limit: an answer may go on for ever.
 *
 * @throws HoldfastError `copy_damaged` when it is larger
 */
export async function readBody(
  response: Response,
  of: { readonly bucket: string; readonly name: string; readonly max: number },
): Promise<Uint8Array> {
  const { bucket, name, max } = of;
  if (Number(response.headers.get('content-length') ?? 0) > max) throw tooLarge(bucket, name, max);
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
    const part = next.value as Uint8Array;
    parts.push(part);
    length += part.length;
    if (length > max) {
      await reader?.cancel();
      throw tooLarge(bucket, name, max);
    }
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
