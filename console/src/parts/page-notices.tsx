/** Notices that stand in the place of a page or of a list: empty, failed, not there. */
import type { ErrorComponentProps } from '@tanstack/react-router';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ApiError } from '../api.js';
import { messageOf } from '../../../src/core/errors.js';
import { CopyableCommand } from './copy.js';
import { useMay } from '../session.js';
import { sentenceOf } from './sentence.js';

/** Draws the state of a list without entries: the next step, and the command that does it. */
export function Empty({
  title,
  children,
  command,
}: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly command?: string;
}) {
  return (
    <section className="empty">
      <h2>{title}</h2>
      {children !== undefined && <div className="empty-text">{children}</div>}
      {command !== undefined && <CopyableCommand command={command} />}
    </section>
  );
}

/**
 * Draws the state of a list of which the operator could make the first entry; one whose role is not
 * enough is told which role is.
 */
export function NothingYet(props: {
  readonly title: string;
  /** The role that makes entries. */
  readonly by: 'editor' | 'admin';
  readonly command: string;
  /** More about the first entry. */
  readonly children?: ReactNode;
}) {
  const { title, by, command, children = 'Create the first one here, or from a terminal.' } = props;
  const may = useMay(by);
  return (
    <Empty title={title} {...(may ? { command } : {})}>
      <p>{may ? children : `An ${by} can create the first one.`}</p>
    </Empty>
  );
}

/** Draws an error with the server's sentence, and a button that tries again. */
export function Failed({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  return (
    <div className="notice notice-failed" role="alert">
      <p>{sentenceOf(error)}</p>
      {retry !== undefined && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Draws the notice for an address without a page. */
export function NotFound() {
  return (
    <Empty title="There is no page at this address">
      <p>
        <Link to="/">Go to the flags</Link>
      </p>
    </Empty>
  );
}

/** Draws the notice for a page that failed. */
export function PageFailed({ error, reset }: ErrorComponentProps) {
  const shown =
    error instanceof ApiError ? error : new Error(`this page failed (${messageOf(error)}); reload it`);
  return (
    <div className="page">
      <Failed error={shown} retry={reset} />
    </div>
  );
}
