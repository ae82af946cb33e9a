/** Semantic versions and their order, https://semver.org/#spec-item-11. */
import { SEMVER } from '../ruleset/semver.js';

/** A semantic version, split for comparison. */
export interface SemanticVersion {
  /** Major, minor and patch, in decimal digits: they can be of any size. */
  readonly numbers: readonly string[];
  /** The parts after `-`; none for a release. Build metadata has no part in the order. */
  readonly prerelease: readonly string[];
}

/** Reads a version; anything but a whole one of three numbers is `undefined`. */
export function parseSemanticVersion(text: string): SemanticVersion | undefined {
  const match = SEMVER.exec(text);
  if (match === null) return undefined;
  return { numbers: match.slice(1, 4), prerelease: match[4]?.split('.') ?? [] };
}

/** Below 0 when `a` comes before `b`, 0 when they are of one rank. */
export function compareSemanticVersions(a: SemanticVersion, b: SemanticVersion): number {
  const order = compareLists(a.numbers, b.numbers, compareDigits);
  if (order !== 0) return order;
  // A release comes after its prereleases.
  if (a.prerelease.length === 0 || b.prerelease.length === 0)
    return b.prerelease.length - a.prerelease.length;
  return compareLists(a.prerelease, b.prerelease, compareParts);
}

function compareLists(
  a: readonly string[],
  b: readonly string[],
  compare: (a: string, b: string) => number,
): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++) {
    const order = compare(a[index] ?? '', b[index] ?? '');
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers come before names. */
function compareParts(a: string, b: string): number {
  const numeric = Number(isDigits(b)) - Number(isDigits(a));
  if (numeric !== 0) return numeric;
  return isDigits(a) ? compareDigits(a, b) : compareText(a, b);
}

/** Neither has leading zeros, so the longer number is the larger one. */
function compareDigits(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function isDigits(part: string): boolean {
  return /^\d+$/.test(part);
}
