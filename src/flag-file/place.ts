/** Nodes of a flag file with their places, for errors that point at line and column. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node } from 'yaml';
import { HoldfastError } from '../core/errors.js';
import { quote } from '../ruleset/fields.js';
import { nearestWord } from '../core/spelling.js';

/** The text that places belong to. */
export interface Source {
  /** The file's name, for errors. */
  readonly name: string;
  readonly text: string;
  readonly lines: LineCounter;
}

/** One node, or the place where one is missing. */
export class Place {
  readonly source: Source;
  readonly node: Node | null;
  /** The offset in the text that errors point at. */
  readonly offset: number;

  constructor(source: Source, node: unknown, offset: number) {
    this.source = source;
    this.node = (node ?? null) as Node | null;
    this.offset = this.node?.range?.[0] ?? offset;
    if (isAlias(this.node))
      this.fail('is an alias; write the value itself, or use a segment for shared conditions.');
  }

  /** Throws `flag_file_invalid` with the place and a sentence about it. */
  fail(rule: string, offset = this.offset): never {
    const { line, col } = this.source.lines.linePos(offset);
    throw new HoldfastError('flag_file_invalid', `${this.source.name}:${line}:${col}: ${rule}`, {
      details: { line: `${line}`, column: `${col}` },
    });
  }

  get isMap(): boolean {
    return isMap(this.node);
  }

  get isList(): boolean {
    return isSeq(this.node);
  }

  /** The value of a scalar; `undefined` for maps and lists, `null` where nothing is written. */
  get scalar(): unknown {
    if (this.node === null) return null;
    return isScalar(this.node) ? this.node.value : undefined;
  }

  /** The scalar as it is written, without quotes. */
  get written(): string {
    if (!isScalar(this.node)) return '';
    const { value, source } = this.node;
    return typeof value === 'string' ? value : (source ?? String(value));
  }

  /** The elements of a list. */
  list(rule: string): Place[] {
    if (!isSeq(this.node)) return this.fail(rule);
    return this.node.items.map((item) => new Place(this.source, item, this.offset));
  }

  /** The entries of a map in their order, by keys that are texts and unique. */
  map(rule: string): Map<string, { readonly key: Place; readonly value: Place }> {
    const entries = new Map<string, { key: Place; value: Place }>();
    if (!isMap(this.node)) return this.fail(rule);
    for (const { key, value } of this.node.items) {
      const at = new Place(this.source, key, this.offset);
      if (!isScalar(at.node)) at.fail('must be a text; maps and lists cannot be keys.');
      const name = at.written;
      if (entries.has(name)) at.fail(`${quote(name)} is given twice; keep one of them.`);
      entries.set(name, { key: at, value: new Place(this.source, value, at.offset) });
    }
    return entries;
  }

  /** The entries of a map that may have these keys and no others. */
  fields<Name extends string>(names: readonly Name[], rule: string): Partial<Record<Name, Place>> {
    const found: Partial<Record<Name, Place>> = {};
    for (const [name, { key, value }] of this.map(rule)) {
      const known = names.find((each) => each === name);
      if (known === undefined) {
        const meant = nearestWord(name, names);
        const remedy =
          meant === undefined ? `its keys are ${names.join(', ')}` : `did you mean ${quote(meant)}?`;
        return key.fail(`${quote(name)} is not a key here; ${remedy.replace(/([^?])$/, '$1.')}`);
      }
      found[known] = value;
    }
    return found;
  }

  text(what: string): string {
    const { scalar } = this;
    if (typeof scalar === 'string') return scalar;
    const quoted =
      typeof scalar === 'object' || scalar === undefined ? '' : `; write it in quotes: "${this.written}"`;
    return this.fail(`${what} must be a text${quoted}.`);
  }

  flag(what: string): boolean {
    const { scalar } = this;
    return typeof scalar === 'boolean' ? scalar : this.fail(`${what} must be true or false.`);
  }

  /** One of some words, as the value that they stand for. */
  choice<T>(what: string, choices: Readonly<Record<string, T>>): T {
    const { written } = this;
    const names = Object.keys(choices);
    const name = names.find((each) => each === written);
    if (name !== undefined) return choices[name] as T;
    const meant = nearestWord(written, names);
    const remedy = meant === undefined ? `one of ${names.join(', ')}` : `did you mean ${quote(meant)}?`;
    return this.fail(
      `${what} must be a known one, not ${quote(written)}; ${remedy.replace(/([^?])$/, '$1.')}`,
    );
  }

  /** The node as plain values of JSON, with whole numbers as text. */
  toJson(): unknown {
    if (this.node === null) return null;
    if (isSeq(this.node)) return this.list('').map((each) => each.toJson());
    if (isMap(this.node)) {
      return Object.fromEntries([...this.map('')].map(([name, { value }]) => [name, value.toJson()]));
    }
    const { scalar } = this;
    if (typeof scalar !== 'bigint') return scalar;
    return this.written === '-0' ? '-0' : scalar.toString();
  }

  /** The node as JSON text. */
  toJsonText(): string {
    if (this.node === null) return 'null';
    if (isSeq(this.node))
      return `[${this.list('')
        .map((each) => each.toJsonText())
        .join(',')}]`;
    if (isMap(this.node)) {
      const members = [...this.map('')].map(
        ([name, { value }]) => `${JSON.stringify(name)}:${value.toJsonText()}`,
      );
      return `{${members.join(',')}}`;
    }
    const { scalar } = this;
    if (typeof scalar === 'bigint') return scalar.toString();
    if (typeof scalar === 'number' && !Number.isFinite(scalar)) this.fail('is not a number of JSON.');
    return JSON.stringify(scalar);
  }
}
