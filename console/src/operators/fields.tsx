/** The fields that a new operator and a change of one have in common. */
import { useQuery } from '@tanstack/react-query';
import type { AdminSchemas } from '../api.js';
import { FormField } from '../parts/form.js';
import { environmentsQuery } from '../queries.js';

/** A role of an operator. */
export type Role = AdminSchemas['Operator']['role'];

const ROLE_NOTES: Readonly<Record<Role, string>> = {
  viewer: 'Reads everything but secrets and the audit trail.',
  editor: 'Reads everything but secrets and the audit trail, and changes flags.',
  admin: 'Changes flags, manages environments, keys and operators, and restores.',
};
const ROLE_NAMES = Object.keys(ROLE_NOTES) as Role[];

/** Draws the choice of a role. */
export function RoleField({
  role,
  onChange,
}: {
  readonly role: Role;
  readonly onChange: (role: Role) => void;
}) {
  return (
    <FormField label="Role" name="role" note={ROLE_NOTES[role]}>
      {(given) => (
        <select value={role} onChange={({ target }) => onChange(target.value as Role)} {...given}>
          {ROLE_NAMES.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      )}
    </FormField>
  );
}

/** Draws the choice of environments: all, or one at least. */
export function EnvironmentChoice(props: {
  readonly chosen: readonly string[] | 'all';
  readonly onChange: (chosen: readonly string[] | 'all') => void;
}) {
  const { chosen, onChange } = props;
  const { data = [] } = useQuery(environmentsQuery);
  const list = chosen === 'all' ? [] : chosen;
  return (
    <fieldset className="field">
      <legend>Environments</legend>
      <label className="check">
        <input
          type="checkbox"
          checked={chosen === 'all'}
          onChange={({ target }) => onChange(target.checked ? 'all' : data.slice(0, 1).map(({ id }) => id))}
        />
        All, those to come too
      </label>
      {chosen !== 'all' && (
        <div className="choices">
          {data.map(({ id, name }) => (
            <label key={id} className="check">
              <input
                type="checkbox"
                checked={list.includes(id)}
                // One at least: none is no choice.
                disabled={list.length === 1 && list.includes(id)}
                onChange={({ target }) =>
                  onChange(target.checked ? [...list, id] : list.filter((each) => each !== id))
                }
              />
              {name}
            </label>
          ))}
        </div>
      )}
    </fieldset>
  );
}
