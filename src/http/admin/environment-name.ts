/** Environments in paths: by number, or by name. Numbers win. [protocol] #environments */
import { HoldfastError } from '../../core/errors.js';
import { reaches } from '../../operators/operator.js';
import type { Operator } from '../../store/operators.js';
import type { Store } from '../../store/store.js';
import { pathEnvironment } from '../params.js';
import { outOfReach } from './refusals.js';

/**
 * Returns the environment that a path or a field of a body names, if the operator reaches it. A name
 * outside the list of an operator is refused like one that does not exist, so that names cannot be
 * guessed.
 *
 * @param field the field of the body; absent for the path
 * @throws HoldfastError `field_invalid` when it is no usable number, or the name of several;
 *   `environment_unknown`; `forbidden`
 */
export async function resolveEnvironment(
  text: string,
  operator: Operator,
  store: Store,
  field?: string,
): Promise<bigint> {
  if (isNumber(text)) return numbered(text, operator);
  return onlyOf(await store.environmentsNamed(text), text, operator, field);
}

/**
 * Returns the environments that a list in a body names, each once.
 *
 * @throws HoldfastError as {@link resolveEnvironment}
 */
export async function resolveEnvironments(
  texts: readonly string[],
  operator: Operator,
  store: Store,
  field: string,
): Promise<bigint[]> {
  const ids: bigint[] = [];
  for (const [i, text] of texts.entries()) {
    ids.push(await resolveEnvironment(text, operator, store, `${field}[${i}]`));
  }
  return [...new Set(ids)];
}

function isNumber(text: string): boolean {
  return /^\d*$/.test(text);
}

function numbered(text: string, operator: Operator): bigint {
  const id = pathEnvironment(text);
  if (!reaches(operator, id)) throw outOfReach(operator, `${id}`);
  return id;
}

function onlyOf(
  named: readonly bigint[],
  text: string,
  operator: Operator,
  field: string | undefined,
): bigint {
  const reached = named.filter((id) => reaches(operator, id));
  const [only] = reached;
  if (only === undefined) throw unknownName(text, operator);
  if (reached.length === 1) return only;
  throw new HoldfastError(
    'field_invalid',
    `${field ?? 'id, the environment in the path,'} must be a number here: ${reached.join(', ')} are all named ${text}; rename all but one`,
    { field: field ?? 'id' },
  );
}

function unknownName(name: string, operator: Operator): HoldfastError {
  if (operator.environments !== 'all') return outOfReach(operator, `named ${name}`);
  return new HoldfastError(
    'environment_unknown',
    `there is no environment named ${name}: list environments to see their names; a new one is created by its number`,
  );
}
