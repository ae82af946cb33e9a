/** Converts flags of other products to configs. Pure. */
import { parse as parseYaml } from 'yaml';
import { HoldfastError, messageOf } from '../core/errors.js';
import type { Conversion } from './conversion.js';
import { convertFlagd } from './flagd.js';
import { convertGoFeatureFlag } from './go-feature-flag.js';
import { convertGrowthBook } from './growthbook.js';
import { convertLaunchDarkly } from './launchdarkly.js';
import { convertUnleash } from './unleash.js';

/** Converters by the name of the product. */
const CONVERTERS = {
  flagd: convertFlagd,
  'go-feature-flag': convertGoFeatureFlag,
  unleash: convertUnleash,
  growthbook: convertGrowthBook,
  launchdarkly: convertLaunchDarkly,
} as const satisfies Record<string, (input: unknown) => Conversion>;

/** A product whose flags can be converted. */
export type ImportSource = keyof typeof CONVERTERS;

/**
 * Converts the text of a file, JSON or YAML.
 *
 * @throws HoldfastError `body_invalid` when it is neither, `field_invalid` when it is not of the
 *   product
 */
export function convertFlags(source: ImportSource, text: string): Conversion {
  return CONVERTERS[source](parseText(text));
}

/** JSON is YAML too, but not all of it: tabs, and keys of more than 1,024 characters. */
function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // YAML then.
  }
  try {
    return parseYaml(text);
  } catch (cause) {
    throw new HoldfastError('body_invalid', `The file is neither JSON nor YAML: ${messageOf(cause)}`, {
      cause,
    });
  }
}
