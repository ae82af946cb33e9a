/** Settings of environments as they are typed. Pure. */

/** A default context that was typed. */
export type TypedContext =
  | { readonly kind: 'none' }
  | { readonly kind: 'context'; readonly context: unknown }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Reads a default context; the server checks the members. */
export function readContext(text: string): TypedContext {
  if (text.trim() === '') return { kind: 'none' };
  try {
    const context: unknown = JSON.parse(text);
    if (typeof context === 'object' && context !== null && !Array.isArray(context))
      return { kind: 'context', context };
  } catch {
    // Said below.
  }
  return { kind: 'unreadable', reason: 'This is no JSON object; correct it, or leave it empty for none.' };
}

/** Returns the number after the highest one. */
export function nextNumber(environments: readonly { readonly id: string }[]): string {
  const highest = environments.reduce((most, { id }) => (BigInt(id) > most ? BigInt(id) : most), 0n);
  return `${highest + 1n}`;
}
