/** Someone else's change of settings that are being edited. */
import { ApiError } from '../api.js';

/** Settings by their labels, as they are shown. */
export type SettingLines = Readonly<Record<string, string>>;

/** True when a change was refused because someone else made one. */
export function isOvertaken(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'version_mismatch';
}

/** Draws each setting that differs, as it was and as it is. The edit can be looked at, and not be saved. */
export function SettingsConflict(props: {
  /** The thing that was changed, such as `this environment`. */
  readonly what: string;
  readonly opened: SettingLines;
  /** `undefined` until they are read. */
  readonly now: SettingLines | undefined;
  readonly onRestart: () => void;
}) {
  const { what, opened, now, onRestart } = props;
  const changed = now === undefined ? [] : Object.keys(opened).filter((each) => opened[each] !== now[each]);
  return (
    <section className="notice conflict" role="alert" aria-label="Changed by someone else">
      <p>
        <strong>Someone else changed {what} while you had it open. Nothing was saved.</strong>
      </p>
      {changed.length > 0 && (
        <dl className="conflict-lines">
          {changed.map((each) => (
            <div key={each}>
              <dt>{each}</dt>
              <dd>
                was <code>{opened[each]}</code>, is now <code>{now?.[each]}</code>
              </dd>
            </div>
          ))}
        </dl>
      )}
      <button type="button" className="button" disabled={now === undefined} onClick={onRestart}>
        Start again from the present settings
      </button>
    </section>
  );
}
