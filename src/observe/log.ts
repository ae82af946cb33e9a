/**
 * Logs one JSON line per event on standard output, by pino; on a terminal, a line for people. Secrets
 * never reach it: see `redact` and `describe`.
 */
import pino, { type DestinationStream, type Logger } from 'pino';

/** The fields of every line, which tell processes apart where their lines come together. */
export interface LogOrigin {
  /** The name of the node. */
  readonly node: string;
  /** The version of Holdfast. */
  readonly version: string;
}

/** The fields that every line has. */
export interface LogFields {
  readonly origin?: LogOrigin;
  /** Gives further fields at each line: those of the trace that it belongs to. */
  readonly fields?: (() => Readonly<Record<string, string>>) | undefined;
}

/**
 * Creates a log.
 *
 * @param level a pino level, or `silent`
 * @param destination default: standard output
 */
export function createLog(
  level: string,
  destination?: DestinationStream,
  { origin, fields }: LogFields = {},
): Logger {
  const options = {
    level,
    base: origin === undefined ? null : { ...origin },
    ...(fields === undefined ? {} : { mixin: () => ({ ...fields() }) }),
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describe },
    redact: [
      'authorization',
      '*.authorization',
      'headers.authorization',
      '*.headers.authorization',
      'token',
      '*.token',
      'secret',
      '*.secret',
    ],
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/**
 * Opens a destination that writes lines for people: time, level, message, fields. Lines are written
 * before the call returns, so that none is lost when the process ends.
 *
 * @param colours see `printerOptions`
 * @param destination default: standard output
 */
export async function linesForPeople(
  colours: boolean,
  destination: NodeJS.WritableStream | 1 = 1,
): Promise<DestinationStream> {
  // Loaded here, because only a terminal needs it.
  const { default: pretty } = await import('pino-pretty');
  const lines = pretty({
    colorize: colours,
    colorizeObjects: colours,
    translateTime: 'SYS:HH:MM:ss.l',
    // On a terminal there is one node.
    ignore: 'node,version',
    singleLine: true,
    sync: true,
    destination,
  });
  return { write: (line) => void lines.write(line.replace(OBEYED, escapeTwice)) };
}

/**
 * The characters that JSON leaves as they are and that a terminal obeys, or that change the order in
 * which it shows others. The rest of the controls are escaped or removed.
 */

const OBEYED = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** An escape that is still one after the line was read as JSON. */
function escapeTwice(character: string): string {
  return `\\\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * Describes an error by its kind, text and stack, and those of its causes. Nothing else that a
 * library put on it is logged: Redis clients put the command there with all its values, parsers of
 * bodies the body.
 */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { type, message, stack } = pino.stdSerializers.err(error);
  return { type, message, stack };
}

export type { Logger };
