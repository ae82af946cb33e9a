/** `convert`: flags of another product as a flag file, and a report of what has no form here. */
import { HoldfastError } from '../../core/errors.js';
import { writeFlagFile } from '../../flag-file/write.js';
import type { Finding } from '../../import/conversion.js';
import { convertFlags, type ImportSource } from '../../import/convert.js';
import { answer, type CommandContext } from '../context.js';
import { count } from '../format.js';
import { readTextOf } from './import.js';

/** Options of the command. */
export interface ConvertOptions {
  readonly from: ImportSource;
  /** True when nothing may be lost or differ. */
  readonly strict: boolean;
  /** `yaml`: a flag file, which `apply` commits. `json`: a datafile, which `import` commits. */
  readonly format: string;
}

/** Converted rows are of no environment, so a flag file of any environment has them whole. */
const ANY_ENVIRONMENT = '1';

/**
 * Prints the configs on standard output and the report on standard error. Nothing is committed.
 *
 * @param file a path, or `-` for standard input
 * @throws HoldfastError when it must be strict and something is left out or differs
 */
export async function convertFile(
  context: CommandContext,
  file: string,
  { from, strict, format }: ConvertOptions,
): Promise<void> {
  const { configs, findings } = convertFlags(from, await readTextOf(context.around, file));
  for (const line of sentences(findings)) context.err.line(line);
  context.err.line(summary(configs.length, findings));
  const lost = findings.filter(({ kind }) => kind !== 'moves').length;
  if (strict && lost > 0) {
    throw new HoldfastError(
      'field_invalid',
      `${count(lost, 'finding')} above: with --strict nothing is written unless every flag means the same here.`,
    );
  }
  answer(context, { configs, findings }, (out) => {
    if (format === 'json') out.json({ configs });
    else context.around.stdout.write(writeFlagFile(configs, ANY_ENVIRONMENT));
  });
}

/** A line per reason: one mark of a product is the reason of many flags. */
function sentences(findings: readonly Finding[]): string[] {
  const subjects = new Map<string, string[]>();
  for (const { subject, kind, reason } of findings) {
    const sentence = `${kind}: ${reason}.`;
    subjects.set(sentence, [...(subjects.get(sentence) ?? []), subject]);
  }
  return [...subjects].map(([sentence, of]) => `${of.join(', ')}: ${sentence}`);
}

function summary(configs: number, findings: readonly Finding[]): string {
  const subjects = (kind: Finding['kind']): number =>
    new Set(findings.filter((each) => each.kind === kind).map(({ subject }) => subject)).size;
  return `Converted ${count(configs, 'config')}; left out: ${subjects('left out')}, differs: ${subjects('differs')}, moves: ${subjects('moves')}.`;
}
