/** Sample contexts: typed or pasted as JSON, one a line or as a list. Pure. */

/** A context as OpenFeature has it. */
export type SampleContext = Readonly<Record<string, unknown>>;

/** The samples of a text, or what is wrong with it. */
export type SamplesText =
  | { readonly kind: 'samples'; readonly samples: readonly SampleContext[] }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Each is evaluated twice. */
export const MOST_SAMPLES = 50;

/** The samples of a first visit. */
export const FIRST_SAMPLES = `{}
{"targetingKey": "u-1", "email": "ann@example.com"}
{"targetingKey": "u-2", "email": "bob@example.org"}`;

/** Reads samples: a JSON list of contexts, or one context on each line. */
export function readSamples(text: string): SamplesText {
  const whole = parse(text);
  const values = Array.isArray(whole) ? (whole as unknown[]) : isContext(whole) ? [whole] : undefined;
  if (values !== undefined) return checked(values);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const bad = lines.findIndex((line) => !isContext(parse(line)));
  if (bad !== -1)
    return { kind: 'unreadable', reason: `Line ${bad + 1} is no JSON object such as {"email": "a@b.com"}.` };
  return checked(lines.map(parse));
}

function checked(values: readonly unknown[]): SamplesText {
  if (!values.every(isContext)) return { kind: 'unreadable', reason: 'Each sample must be a JSON object.' };
  if (values.length > MOST_SAMPLES) {
    return { kind: 'unreadable', reason: `At most ${MOST_SAMPLES} samples; these are ${values.length}.` };
  }
  return { kind: 'samples', samples: values };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isContext(value: unknown): value is SampleContext {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
