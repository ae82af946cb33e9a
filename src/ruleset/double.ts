/** Doubles as JSON text. */

/**
 * Writes a double so that a reader of any language takes it for one: `3.0`, `-0.0`, `1e+21`. Typed
 * SDKs take a number without point and exponent for an integer, report a mismatch of types and use
 * the default of the code. `undefined` for NaN and infinities, which JSON lacks.
 */
export function doubleJson(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
