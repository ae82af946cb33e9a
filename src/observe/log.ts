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
  return pretty({
    colorize: colours,
    colorizeObjects: colours,
    translateTime: 'SYS:HH:MM:ss.l',
    // On a terminal there is one node.
    ignore: 'node,version',
    singleLine: true,
    sync: true,
    destination,
  });
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
