/**
 * `node scripts/check-english.mjs [--list] [--missing] [PATH ...]`: counts what makes comments and docs hard to read, and fails above the limits.
 *
 * The rules: a docstring's first sentence has the symbol as its subject and a verb ("Surrogate keys for …", "Reads …"), not a clause that
 * begins with a question word; text is impersonal and uses the field's words; every exported declaration of src/ has a docstring.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

/** The share of comments that may begin with a clause in place of a subject. */
export const MAX_OPENINGS = 0.02;
/** Impersonal pronouns per 1,000 words of comment. */
export const MAX_PRONOUNS_PER_1000 = 0.1;

const OPENING = /^(What|Who|Whose|Whom|How|Whether|By|Of)\b(?! default\b)/;
const PRONOUN = /\b(whoever|nobody|somebody|anybody|whom|anew)\b/gi;
const FOLDERS = ['src', 'test', 'bench', 'chaos', 'lab', 'scripts', 'edge/src', 'examples', 'console/src'];

/**
 * The comments of a source text: blocks, and runs of line comments on consecutive lines as one.
 *
 * @returns the text without its delimiters, and the line (from 1) that each begins on
 */
export function commentsOf(text) {
  const comments = [];
  const source = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  const seen = new Set();
  const take = (ranges) => {
    for (const { pos, end, kind } of ranges ?? []) {
      if (seen.has(pos)) continue;
      seen.add(pos);
      comments.push({ pos, end, kind });
    }
  };
  const visit = (node) => {
    take(ts.getLeadingCommentRanges(text, node.pos));
    take(ts.getTrailingCommentRanges(text, node.end));
    for (const child of node.getChildren(source)) if (child.kind !== ts.SyntaxKind.JSDoc) visit(child);
  };
  visit(source);
  comments.sort((a, b) => a.pos - b.pos);
  const merged = [];
  for (const { pos, end, kind } of comments) {
    const line = source.getLineAndCharacterOfPosition(pos).line + 1;
    const single = kind === ts.SyntaxKind.SingleLineCommentTrivia;
    const body = single ? text.slice(pos + 2, end) : text.slice(pos, end).replace(/^\/\*+|\*+\/$/g, '');
    const plain = body.replace(/^\s*\*? ?/gm, '').trim();
    const last = merged.at(-1);
    if (single && last?.single && last.lastLine === line - 1) {
      last.text += ` ${plain}`;
      last.lastLine = line;
    } else {
      merged.push({
        text: plain,
        line,
        single,
        lastLine: source.getLineAndCharacterOfPosition(end).line + 1,
      });
    }
  }
  return merged.filter(({ text: comment }) => /[a-z]/i.test(comment));
}

/** Counts one file's comments. `problems` are `line: text` of each that breaks a rule. */
export function countEnglish(text) {
  const counts = { comments: 0, openings: 0, words: 0, pronouns: 0, problems: [] };
  for (const { text: comment, line } of commentsOf(text)) {
    counts.comments++;
    counts.words += comment.split(/\s+/).length;
    const opens = OPENING.test(comment);
    const pronouns = comment.match(PRONOUN)?.length ?? 0;
    if (opens) counts.openings++;
    counts.pronouns += pronouns;
    if (opens || pronouns > 0) counts.problems.push(`${line}: ${comment.slice(0, 100)}`);
  }
  return counts;
}

/** The exported declarations of a module, and the names of those without a docstring. */
export function countDocstrings(text) {
  const source = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  const counts = { exported: 0, missing: [] };
  for (const statement of source.statements) {
    const exported = ts.canHaveModifiers(statement)
      ? ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
      : false;
    if (exported !== true) continue;
    counts.exported++;
    if (ts.getJSDocCommentsAndTags(statement).length > 0) continue;
    const name = statement.name?.text ?? statement.declarationList?.declarations[0]?.name.getText(source);
    const { line } = source.getLineAndCharacterOfPosition(statement.getStart(source));
    counts.missing.push(`${line + 1}: ${name ?? '?'}`);
  }
  return counts;
}

function sourcesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sourcesBelow(path);
    return /\.(tsx?|mjs)$/.test(entry.name) ? [path] : [];
  });
}

function main() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const options = process.argv.slice(2);
  const chosen = options.filter((option) => !option.startsWith('--'));
  const files = (chosen.length > 0 ? chosen : FOLDERS)
    .flatMap((path) => (/\.\w+$/.test(path) ? [path] : sourcesBelow(join(root, path))))
    .sort();
  const total = { comments: 0, openings: 0, words: 0, pronouns: 0, exported: 0, missing: 0 };
  const list = options.includes('--list');
  for (const file of files) {
    const path = relative(root, file.startsWith('/') ? file : `${root}/${file}`);
    const text = readFileSync(`${root}/${path}`, 'utf8');
    const counts = countEnglish(text);
    for (const name of ['comments', 'openings', 'words', 'pronouns']) total[name] += counts[name];
    if (list) for (const problem of counts.problems) console.log(`${path}:${problem}`);
    if (!path.startsWith('src/')) continue;
    const docs = countDocstrings(text);
    total.exported += docs.exported;
    total.missing += docs.missing.length;
    if (list || options.includes('--missing')) {
      for (const missing of docs.missing) console.log(`${path}:${missing} has no docstring`);
    }
  }
  const openings = total.comments === 0 ? 0 : total.openings / total.comments;
  const pronouns = total.words === 0 ? 0 : (1000 * total.pronouns) / total.words;
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  console.log(
    `English: ${total.openings} of ${total.comments} comments begin with a clause (${percent(openings)}, limit ${percent(MAX_OPENINGS)}); ` +
      `${total.pronouns} of ${total.words} words are avoided ones (${pronouns.toFixed(2)} per 1,000, limit ${MAX_PRONOUNS_PER_1000}); ` +
      `${total.missing} of ${total.exported} exported declarations have no docstring (limit 0)`,
  );
  if (openings > MAX_OPENINGS || pronouns > MAX_PRONOUNS_PER_1000 || total.missing > 0) {
    if (!list) console.log('Run `node scripts/check-english.mjs --list` to see where.');
    process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
