import { HoldfastError } from '../../src/core/errors.js';

/**
 * The code and field of the HoldfastError that a call throws, such as `field_invalid
 * configs[0].key`.
 */
export function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof HoldfastError) return `${error.code} ${error.field ?? '-'}`;
    throw error;
  }
  return 'accepted';
}

/** True when a call succeeds or throws a HoldfastError. Any other error is rethrown. */
export function isOrderly(call: () => unknown): boolean {
  refusal(call);
  return true;
}
