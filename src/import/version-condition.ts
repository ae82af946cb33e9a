/** Comparisons of versions as criteria. Pure. */
import { SEMVER } from '../ruleset/semver.js';
import { all, any, NotConvertible, test, type Condition } from './condition.js';

/**
 * A comparison of a property with a semantic version.
 *
 * @param operator `=`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `^`, `~`; `!=` holds for versions only, as in
 *   the products that have it
 * @throws NotConvertible for a text that is no full version
 */
export function versionCondition(property: string, operator: unknown, version: unknown): Condition {
  if (typeof version !== 'string' || !SEMVER.test(version)) {
    throw new NotConvertible(
      `${property} is compared with ${JSON.stringify(version)}, which is no full version such as 1.2.3`,
    );
  }
  const is = (which: string): Condition => test(property, `PROP_SEMVER_${which}`, { string: version });
  switch (operator) {
    case '=':
    case '==':
      return is('EQUAL');
    case '<':
      return is('LESS_THAN');
    case '>':
      return is('GREATER_THAN');
    case '<=':
      return any([is('LESS_THAN'), is('EQUAL')]);
    case '>=':
      return any([is('GREATER_THAN'), is('EQUAL')]);
    case '!=':
      return any([is('LESS_THAN'), is('GREATER_THAN')]);
    case '^':
    case '~':
      return range(property, operator, version);
    default:
      throw new NotConvertible(`the comparison ${JSON.stringify(operator)} of versions has no form`);
  }
}

/** `^` is the same major version, `~` also the same minor one. */
function range(property: string, operator: '^' | '~', version: string): Condition {
  const [major = '0', minor = '0'] = version.split('.');
  // `-0` comes before every other pre-release of the version.
  const from = operator === '^' ? `${major}.0.0-0` : `${major}.${minor}.0-0`;
  const to = operator === '^' ? `${BigInt(major) + 1n}.0.0-0` : `${major}.${BigInt(minor) + 1n}.0-0`;
  const is = (which: string, text: string): Condition =>
    test(property, `PROP_SEMVER_${which}`, { string: text });
  return all([any([is('GREATER_THAN', from), is('EQUAL', from)]), is('LESS_THAN', to)]);
}
