/** The log of damaged environments: each once, and once more when it was well in between. */
import type { Logger } from 'pino';
import type { DamagedEnvironment } from '../store.js';

/** DamageLog logs environments that cannot be read, however often they are listed. */
export class DamageLog {
  readonly #log: Logger;
  #known = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Takes the damaged environments of one listing. */
  note(damaged: readonly DamagedEnvironment[]): void {
    const found = new Set<string>();
    for (const { id, name, problem } of damaged) {
      const text = `${id ?? name}`;
      found.add(text);
      if (this.#known.has(text)) continue;
      this.#log.error(
        { ...(id === undefined ? {} : { environment: `${id}` }), error: problem },
        'an environment in the store is damaged; the others are not affected',
      );
    }
    this.#known = found;
  }
}
