export function exportedNames(text: string): string[];
export function sharedNames(texts: Iterable<readonly [string, string]>): [string, string[]][];
