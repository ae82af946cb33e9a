/** One value of a user, and the rules and segments that led to it. */
import { Link } from '@tanstack/react-router';
import { Folded } from '../parts/folded.js';
import { valueInWords, type Decision, type Explained, type ExplainedSegment } from '../evaluations.js';

/** The explained segments by key. */
export type SegmentMap = ReadonlyMap<string, ExplainedSegment>;

const REASONS: Readonly<Record<Explained['reason'], string>> = {
  STATIC: 'the same for everyone',
  TARGETING_MATCH: 'by its rules',
  SPLIT: 'by percentage',
  DEFAULT: 'no rule applies: the application uses its own default',
  ERROR: 'no value: the application uses its own default',
};

/** Draws a value with the rule that decided, and folds away why it did. */
export function ExplainedValue(props: {
  readonly environment: string;
  readonly explained: Explained;
  readonly segments: SegmentMap;
}) {
  const { environment, explained, segments } = props;
  const { key, reason, rule, earlier } = explained;
  const asked = rule?.segments ?? [];
  return (
    <li>
      <div className="try-line">
        <Link to="/e/$environment/flags/$key" params={{ environment, key }} className="mono">
          {key}
        </Link>
        <strong className="try-value">{valueInWords(explained)}</strong>
      </div>
      <p className="muted">{rule === undefined ? REASONS[reason] : `${REASONS[reason]}: ${rule.text}`}</p>
      {earlier.length + asked.length > 0 && (
        <Folded summary={summaryOf(explained)}>
          <Reasons decision={explained} segments={segments} />
        </Folded>
      )}
    </li>
  );
}

function summaryOf({ rule, earlier }: Explained): string {
  const asked = rule?.segments?.length ?? 0;
  const segments = asked === 1 ? 'the segment that decided' : 'the segments that decided';
  if (earlier.length === 0) return segments;
  const rules = earlier.length === 1 ? '1 rule' : `${earlier.length} rules`;
  return `${rules} before it did not apply${asked === 0 ? '' : `, and ${segments}`}`;
}

interface ReasonsProps {
  readonly decision: Decision;
  readonly segments: SegmentMap;
}

/** The rules that did not apply, and the segments that decided. */
function Reasons({ decision: { rule, earlier }, segments }: ReasonsProps) {
  return (
    <>
      {earlier.length > 0 && (
        <ol>
          {earlier.map(({ index, failed, actual, segment }) => (
            <li key={index} value={index + 1}>
              not so: {failed}
              {segment === undefined ? (
                <span className="muted"> (the user has {actual ?? 'nothing'})</span>
              ) : (
                <Segment name={segment} segments={segments} />
              )}
            </li>
          ))}
        </ol>
      )}
      {rule?.segments?.map((segment) => (
        <Segment key={segment} name={segment} segments={segments} />
      ))}
    </>
  );
}

/** A segment in words; why the user is in it or not is folded away, down to the attribute that decides. */
function Segment({ name, segments }: Pick<ReasonsProps, 'segments'> & { readonly name: string }) {
  const segment = segments.get(name);
  if (segment === undefined) return null;
  const { rule, earlier, unresolved, member } = segment;
  if (unresolved !== undefined && unresolved !== 'unmatched') {
    const problem = unresolved === 'missing' ? 'does not exist' : 'cannot be read';
    return (
      <p className="try-segment">
        the segment <code>{name}</code> {problem}
      </p>
    );
  }
  return (
    <div className="try-segment">
      <p>
        the user is {member ? 'in' : 'not in'} <code>{name}</code>:{' '}
        {rule?.text ?? 'none of its rules applies'}
      </p>
      {earlier.length + (rule?.segments?.length ?? 0) > 0 && (
        <Folded summary="Why?">
          <Reasons decision={segment} segments={segments} />
        </Folded>
      )}
    </div>
  );
}
