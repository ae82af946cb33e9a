/** Puts figures into a document: each between a pair of comments that bear its name. Pure. */

/** @throws Error when the document has no such pair, or one that no block is for */
export function withBlocks(document: string, blocks: ReadonlyMap<string, string>): string {
  const known = new Set<string>();
  const result = document.replace(
    /(<!-- lab:([\w-]+) -->\n).*?(<!-- \/lab:\2 -->)/gs,
    (_all, begin: string, name: string, end: string) => {
      const text = blocks.get(name);
      if (text === undefined) throw new Error(`the document has a block "${name}" that no run is for`);
      known.add(name);
      return `${begin}\n${text}\n\n${end}`;
    },
  );
  const lost = [...blocks.keys()].filter((name) => !known.has(name));
  if (lost.length > 0) throw new Error(`the document has no block for ${lost.join(', ')}`);
  return result;
}
