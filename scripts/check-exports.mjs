/** `node scripts/check-exports.mjs [FOLDER]`: fails when two exported declarations of src share a name, so that a name means one thing everywhere. */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import ts from 'typescript';

/** The names that a module declares and exports itself; overloads count once, re-exports not at all. */
export function exportedNames(text) {
  const source = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  const names = new Set();
  for (const statement of source.statements) {
    const exported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!exported) continue;
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) names.add(name.getText(source));
    } else if (statement.name !== undefined) {
      names.add(statement.name.text);
    }
  }
  return [...names];
}

/** Each name that more than one of the texts declares, with the paths. */
export function sharedNames(texts) {
  const places = new Map();
  for (const [path, text] of texts) {
    for (const name of exportedNames(text)) places.set(name, [...(places.get(name) ?? []), path]);
  }
  return [...places].filter(([, paths]) => paths.length > 1).sort(([a], [b]) => (a < b ? -1 : 1));
}

const root = join(import.meta.dirname, '..');
if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2] ?? join(root, 'src');
  const files = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.ts'));
  const shared = sharedNames(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
  for (const [name, paths] of shared) console.log(`${name} is exported by ${paths.join(' and ')}`);
  console.log(
    `Exports: ${shared.length} names are declared twice in ${relative(root, folder) || folder} (limit 0)`,
  );
  process.exitCode = shared.length === 0 ? 0 : 1;
}
