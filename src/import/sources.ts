/** The products whose flags can be converted; apart, so that help does not load the converters. */
import type { ImportSource } from './convert.js';

/** The names of the products, as `--from` takes them. */
export const IMPORT_SOURCES: readonly ImportSource[] = [
  'flagd',
  'go-feature-flag',
  'unleash',
  'growthbook',
  'launchdarkly',
];
