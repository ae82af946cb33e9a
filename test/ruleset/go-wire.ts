/**
 * Reads the wire format by the rules of Go's `protowire` package, the strictest of the libraries
 * about numbers: written from its documentation, independently of the reader under test.
 */

/** True when Go accepts the bytes as a message with any fields. Groups are counted as invalid. */
export function isGoMessage(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length) {
    const tag = consumeVarint(bytes, at);
    if (tag === undefined) return false;
    at += tag.length;
    const number = tag.value >> 3n;
    if (number < 1n || number > 536_870_911n) return false;
    const length = valueLength(bytes, at, Number(tag.value & 7n));
    if (length === undefined || at + length > bytes.length) return false;
    at += length;
  }
  return true;
}

function valueLength(bytes: Uint8Array, at: number, type: number): number | undefined {
  if (type === 1) return 8;
  if (type === 5) return 4;
  const number = consumeVarint(bytes, at);
  if (number === undefined || (type !== 0 && type !== 2)) return undefined;
  return type === 0 ? number.length : number.length + Number(number.value);
}

/** Up to ten bytes, of which the tenth is at most 1. */
function consumeVarint(bytes: Uint8Array, at: number): { value: bigint; length: number } | undefined {
  let value = 0n;
  for (let length = 1; length <= 10; length++) {
    const byte = bytes[at + length - 1];
    if (byte === undefined || (length === 10 && byte > 1)) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (length - 1));
    if (byte < 0x80) return { value, length };
  }
  return undefined;
}
