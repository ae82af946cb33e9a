/** Logs: one JSON line per event on standard output, by pino. Secrets never reach it: see `redact`. */
import pino, { type DestinationStream, type Logger } from 'pino';

/** @param level a pino level, or `silent` */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
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

export type { Logger };
