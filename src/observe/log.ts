/**
 * Logs one JSON line per event on standard output, by pino. Secrets never reach it: see `redact`
 * and `describe`.
 */
import pino, { type DestinationStream, type Logger } from 'pino';

/**
 * Creates a log.
 *
 * @param level a pino level, or `silent`
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
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
