/**
 * The largest request body of a change. Here, because who refuses one need not know how changes are
 * made.
 */
export const CHANGE_MAX_BYTES = 1024 * 1024;
