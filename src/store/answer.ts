/**
 * Answers that are kept for repeats of a request, packed: the answer to a large import names each
 * of its configs, several megabytes which are kept for a day and compress to about a sixth. Packing
 * runs outside of the event loop.
 */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';

/** Shorter answers are kept as they are. Characters. */
const PACK_FROM = 1024;

const DEFLATED = 'deflate:';
const PLAIN = 'plain:';

/** Packs an answer. The result is text. */
export async function packAnswer(answer: string): Promise<string> {
  if (answer.length >= PACK_FROM) {
    const packed = await promisify(deflateRaw)(Buffer.from(answer, 'utf8'));
    return `${DEFLATED}${packed.toString('base64')}`;
  }
  return answer.startsWith(DEFLATED) || answer.startsWith(PLAIN) ? `${PLAIN}${answer}` : answer;
}

/** Unpacks what `packAnswer` made. */
export async function unpackAnswer(packed: string): Promise<string> {
  if (packed.startsWith(PLAIN)) return packed.slice(PLAIN.length);
  if (!packed.startsWith(DEFLATED)) return packed;
  const bytes = Buffer.from(packed.slice(DEFLATED.length), 'base64');
  return (await promisify(inflateRaw)(bytes)).toString('utf8');
}
