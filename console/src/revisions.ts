/** Changes that the server works out: rollbacks and promotions, shown first and then made. */
import { ApiError, call, environmentPath } from './api.js';
import type { Committed, Preview } from './commit.js';

/** A rollback or a promotion, as its route takes it. */
export type Revision =
  | { readonly route: 'rollback'; readonly body: { readonly undo: string } }
  | { readonly route: 'rollback'; readonly body: { readonly to: string; readonly keys?: readonly string[] } }
  | {
      readonly route: 'promote';
      readonly body: {
        readonly from: string;
        readonly keys?: readonly string[];
        readonly deletions?: boolean;
      };
    };

/** The preview of a revision, with the changed configs that are not shown. */
export interface RevisionPreview extends Preview {
  readonly more?: number;
}

/** Shows what a revision would do, and makes none. @throws ApiError */
export function previewRevision(
  environment: string,
  { route, body }: Revision,
  signal?: AbortSignal,
): Promise<RevisionPreview> {
  return call<RevisionPreview>(`${environmentPath(environment)}/${route}`, {
    body: { ...body, dryRun: true },
    signal,
  });
}

/**
 * Makes a revision if the environment is as it was shown.
 *
 * @throws ApiError when it is not, or the server refuses it
 */
export async function makeRevision(
  environment: string,
  { route, body }: Revision,
  preview: Preview,
  message: string,
): Promise<Committed> {
  try {
    return await call<Committed>(`${environmentPath(environment)}/${route}`, {
      body: { ...body, ...(message === '' ? {} : { message }) },
      headers: { 'If-Match': `"${preview.version}"` },
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'version_mismatch') throw error;
    throw new ApiError(error.status, {
      code: error.code,
      message: 'the environment changed since this was shown; nothing was written: close this and look again',
    });
  }
}
