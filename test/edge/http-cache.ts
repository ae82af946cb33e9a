/**
 * A cache in the place of Fastly's, for the edge program's own requests: by URL and what `Vary`
 * names, with the three ages of a copy. Fastly's real one is documented and not to be had here;
 * this one keeps to RFC 9111 and 5861, and to `Surrogate-Control` before `Cache-Control`.
 */
import {
  valueOf,
  valuesOf,
  type EdgeRequest,
  type EdgeResponse,
  type Found,
  type Stored,
} from './messages.js';

interface Copy {
  readonly stored: Stored;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly variant: string;
}

export class HttpCache {
  readonly #now: () => number;
  readonly #copies = new Map<string, Copy[]>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * The copy for a request, fresh or stale; `undefined` when there is none that may be used for
   * anything.
   */
  lookup(request: EdgeRequest): Found | undefined {
    const copy = this.#copies
      .get(request.uri)
      ?.find(({ stored, variant }) => variant === variantOf(stored.vary, request));
    if (copy === undefined) return undefined;
    const { stored } = copy;
    const age = stored.initialAge + (this.#now() - copy.at) / 1000;
    const usable = stored.maxAge + Math.max(stored.staleWhileRevalidate, stored.staleIfError);
    return age < usable ? { stored, age } : undefined;
  }

  store(request: EdgeRequest, stored: Stored): void {
    const variant = variantOf(stored.vary, request);
    const others = (this.#copies.get(request.uri) ?? []).filter((copy) => copy.variant !== variant);
    this.#copies.set(request.uri, [...others, { stored, at: this.#now(), variant }]);
  }

  purge(key: string): void {
    for (const [uri, copies] of this.#copies) {
      const kept = copies.filter(({ stored }) => !stored.surrogateKeys.split(' ').includes(key));
      this.#copies.set(uri, kept);
    }
  }
}

/** Reads what the headers of an answer ask of a shared cache; `undefined`: not to be stored. */
export function storing(response: EdgeResponse): Stored | undefined {
  const { status, headers } = response;
  const own = directives(valueOf(headers, 'Cache-Control'));
  const asked = directives(valueOf(headers, 'Surrogate-Control') ?? valueOf(headers, 'Cache-Control'));
  const maxAge = asked.get('s-maxage') ?? asked.get('max-age');
  const refused = ['no-store', 'private'].some((name) => own.has(name) || asked.has(name));
  if (status !== 200 || refused || maxAge === undefined) return undefined;
  return {
    response,
    maxAge: Number(maxAge),
    initialAge: Number(valueOf(headers, 'Age') ?? 0),
    staleWhileRevalidate: Number(asked.get('stale-while-revalidate') ?? 0),
    staleIfError: Number(asked.get('stale-if-error') ?? 0),
    vary: valuesOf(headers, 'Vary').join(' ').replaceAll(',', ' '),
    surrogateKeys: valueOf(headers, 'Surrogate-Key') ?? '',
  };
}

function directives(header: string | undefined): Map<string, string> {
  const parts = (header ?? '').split(',').map((part) => part.trim().split('='));
  return new Map(parts.map(([name = '', value = '']) => [name.toLowerCase(), value]));
}

function variantOf(vary: string, { headers }: EdgeRequest): string {
  const names = vary.toLowerCase().split(/\s+/).filter(Boolean).sort();
  return JSON.stringify(names.map((name) => valuesOf(headers, name)));
}
