/** The choice among the copies that sources have. Pure. */
import type { Manifest } from '../format/manifest.js';
import type { SourceState } from './source-state.js';

/** The manifest of a source, and that source. */
export interface ManifestAtSource {
  readonly state: SourceState;
  readonly manifest: Manifest;
}

/**
 * The newest copy above a version among those that sources have now; of equal versions the one
 * whose source knows of more revocations. `undefined`: none is newer.
 *
 * @param tried manifests whose copies could not be used
 */
export function newestAbove(
  version: bigint,
  states: readonly SourceState[],
  tried: ReadonlySet<Manifest>,
): ManifestAtSource | undefined {
  let best: ManifestAtSource | undefined;
  for (const state of states) {
    const { manifest } = state;
    if (state.state !== 'found' || manifest === undefined) continue;
    if (tried.has(manifest) || manifest.version <= version) continue;
    if (best === undefined || isBetter(manifest, best.manifest)) best = { state, manifest };
  }
  return best;
}

/**
 * True when what the sources said is enough to call a key unknown: one answered with the newest
 * manifest that is known, or all of them have none and none was known before.
 *
 * @param known the version that is served or on disk; `undefined`: none
 */
export function isConclusive(known: bigint | undefined, states: readonly SourceState[]): boolean {
  if (states.every(({ state }) => state === 'absent')) return known === undefined;
  let newest = known ?? -1n;
  for (const { manifest } of states) {
    if (manifest !== undefined && manifest.version > newest) newest = manifest.version;
  }
  return states.some(({ state, manifest }) => state === 'found' && manifest?.version === newest);
}

function isBetter(manifest: Manifest, than: Manifest): boolean {
  if (manifest.version !== than.version) return manifest.version > than.version;
  return revocations(manifest) > revocations(than);
}

function revocations({ keys }: Manifest): number {
  return keys.filter(({ revokedAt }) => revokedAt !== undefined).length;
}
