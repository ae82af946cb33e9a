/**
 * The names that operators give to environments and keys. They stand next to each other in lists,
 * and in paths, so that each must be seen as what it is.
 */
import { z } from 'zod';
import { hasUnseen } from '../../core/unseen.js';

const NAME_MAX = 200;
const NAME_RULE = `must be a text of at most ${NAME_MAX} characters`;

/** The name of an environment or a key. */
export const nameField = z
  .string(NAME_RULE)
  .max(NAME_MAX, NAME_RULE)
  .refine((name) => !hasUnseen(name), 'must not have control characters, or others that cannot be seen')
  .refine((name) => name === name.trim(), 'must not begin or end with a space')
  .refine(
    (name) => name === name.normalize('NFC'),
    'must be in composed form (Unicode NFC), so that it is one text however it is typed',
  );

/** The name of an environment, which paths may have in place of its number. */
export const environmentNameField = nameField
  .min(1, 'must not be empty')
  .regex(/\D/, 'must not be all digits: in a path, digits name an environment by its number')
  .regex(/^(?!\.{1,2}$)/, 'must not be . or .., which no path can name');
