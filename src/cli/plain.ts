/** Text that a terminal shows and does not obey. Apart from format.ts, which loads more. */

/**
 * Text without control characters: keys, names and messages come from elsewhere, and a terminal
 * obeys escape sequences. So are the characters that show text in another order than it has. Line
 * breaks become spaces.
 */
export function plain(text: string): string {
  return (
    text
      .replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ')
      // eslint-disable-next-line no-control-regex -- these are what is to be removed
      .replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
  );
}
