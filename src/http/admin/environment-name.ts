/** Environments in paths: by number, or by name. Numbers win. [protocol] #environments */
import { HoldfastError } from '../../core/errors.js';
import { reaches } from '../../operators/operator.js';
import type { Operator } from '../../store/operators.js';
import type { Store } from '../../store/store.js';
import { pathEnvironment } from '../params.js';
import { outOfReach } from './refusals.js';

/**
 * Returns the environment that a path names, if the operator reaches it. A name outside the list of
 * an operator is refused like one that does not exist, so that names cannot be guessed.
 *
 * @throws HoldfastError `field_invalid` when it is no usable number, or the name of several;
 *   `environment_unknown`; `forbidden`
 */
export async function resolveEnvironment(text: string, operator: Operator, store: Store): Promise<bigint> {
  if (/^\d*$/.test(text)) {
    const id = pathEnvironment(text);
    if (!reaches(operator, id)) throw outOfReach(operator, `${id}`);
    return id;
  }
  const named = (await store.environments()).filter(({ name, id }) => name === text && reaches(operator, id));
  const [only] = named;
  if (only === undefined) throw unknownName(text, operator);
  if (named.length === 1) return only.id;
  throw new HoldfastError(
    'field_invalid',
    `id, the environment in the path, must be a number here: ${named.map(({ id }) => `${id}`).join(', ')} are all named ${text}; rename all but one`,
    { field: 'id' },
  );
}

/**
 * Checks that a name is that of no other environment. One that shares its name already keeps it.
 *
 * @throws HoldfastError `field_invalid`
 */
export async function checkName(id: bigint, name: string, store: Store): Promise<void> {
  const environments = await store.environments();
  const other = environments.find((each) => each.name === name && each.id !== id);
  if (other === undefined || environments.some((each) => each.id === id && each.name === name)) return;
  throw new HoldfastError(
    'field_invalid',
    `name ${name} is that of environment ${other.id}: names are unique, because they can be used in place of numbers; choose another`,
    { field: 'name' },
  );
}

function unknownName(name: string, operator: Operator): HoldfastError {
  if (operator.environments !== 'all') return outOfReach(operator, `named ${name}`);
  return new HoldfastError(
    'environment_unknown',
    `there is no environment named ${name}: list environments to see their names; a new one is created by its number`,
  );
}
