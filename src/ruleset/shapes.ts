/**
 * The shape of each message for our own reader: its fields by number, read from proto.ts.
 *
 * Only the part of the language that proto.ts is written in is understood; anything else throws.
 * protobufjs could do it too, but is 34 KB after gzip, and makes its decoders with `Function`,
 * which pages with a content security policy refuse.
 */
import { PROTO } from './proto.js';
import { FIXED64, LENGTH_DELIMITED, VARINT } from './reader.js';

/** The scalar types in use. */
export type Scalar = 'string' | 'bytes' | 'bool' | 'double' | 'int32' | 'int64';

/** The type of a field's values: a scalar, a message, or an enum with its names by number. */
export type FieldType =
  | { readonly kind: Scalar }
  | { readonly kind: 'message'; readonly shape: MessageShape }
  | { readonly kind: 'enum'; readonly names: ReadonlyMap<number, string> };

/** One declared field. */
export interface FieldShape {
  readonly name: string;
  /** `map`: by text keys. */
  readonly label: 'single' | 'repeated' | 'map';
  /**
   * True when the default value differs from an absent one: `optional` fields and members of a
   * oneof.
   */
  readonly presence: boolean;
  /** The names of all members of its oneof: the last one on the wire counts. */
  readonly oneof?: readonly string[];
  readonly type: FieldType;
}

/** One declared message. */
export interface MessageShape {
  readonly name: string;
  /** Indexed by field number. */
  readonly fields: ReadonlyMap<number, FieldShape>;
  /** The names of the members of each oneof. */
  readonly oneofs: ReadonlyMap<string, readonly string[]>;
}

const SCALARS: readonly string[] = [
  'string',
  'bytes',
  'bool',
  'double',
  'int32',
  'int64',
] satisfies readonly Scalar[];

/** A field whose type is still a name. */
interface Declared extends Omit<FieldShape, 'type'> {
  readonly number: number;
  readonly typeName: string;
}

interface Message {
  readonly name: string;
  readonly declared: Declared[];
  readonly fields: Map<number, FieldShape>;
  readonly oneofs: Map<string, string[]>;
}

/** The shapes of all messages in a schema, by name. Nested enums go by their own, unique name. */
export function readShapes(proto: string): ReadonlyMap<string, MessageShape> {
  return new SchemaReader(proto).read();
}

/** Reads a schema word by word. */
class SchemaReader {
  readonly #words: readonly string[];
  readonly #messages = new Map<string, Message>();
  readonly #enums = new Map<string, Map<number, string>>();
  #at = 0;

  constructor(proto: string) {
    this.#words = proto.match(/"[^"]*"|[\w.]+|[^\s\w]/g) ?? [];
  }

  read(): ReadonlyMap<string, MessageShape> {
    this.#expect('syntax', '=', '"proto3"', ';', 'package', 'prefab', ';');
    while (this.#at < this.#words.length) {
      const word = this.#next();
      if (word === 'message') this.#readMessage();
      else if (word === 'enum') this.#readEnum();
      else throw new Error(`the schema has ${word} instead of a message or an enum`);
    }
    // Types can be used before their declaration, so names are resolved at the end.
    for (const { declared, fields } of this.#messages.values()) {
      for (const { number, typeName, ...field } of declared)
        fields.set(number, { ...field, type: this.#typeOf(typeName) });
    }
    return this.#messages;
  }

  #next(): string {
    return this.#words[this.#at++] ?? '';
  }

  #expect(...wanted: string[]): void {
    for (const each of wanted) {
      const found = this.#next();
      if (found !== each) throw new Error(`the schema has ${found} instead of ${each}`);
    }
  }

  #readMessage(): void {
    const name = this.#next();
    const message: Message = { name, declared: [], fields: new Map(), oneofs: new Map() };
    this.#messages.set(name, message);
    this.#expect('{');
    for (let word = this.#next(); word !== '}'; word = this.#next()) {
      if (word === 'enum') this.#readEnum();
      else if (word === 'oneof') this.#readOneof(message);
      else message.declared.push(this.#readField(word));
    }
  }

  #readEnum(): void {
    const names = new Map<number, string>();
    this.#enums.set(this.#next(), names);
    this.#expect('{');
    for (let name = this.#next(); name !== '}'; name = this.#next()) {
      this.#expect('=');
      names.set(Number(this.#next()), name);
      this.#expect(';');
    }
  }

  #readOneof(message: Message): void {
    const members: string[] = [];
    message.oneofs.set(this.#next(), members);
    this.#expect('{');
    for (let word = this.#next(); word !== '}'; word = this.#next()) {
      const field = this.#readField(word, members);
      members.push(field.name);
      message.declared.push(field);
    }
  }

  /** @param first the first word of the declaration: a label or the type */
  #readField(first: string, oneof?: readonly string[]): Declared {
    let label: FieldShape['label'] = first === 'repeated' ? 'repeated' : 'single';
    let typeName = first === 'repeated' || first === 'optional' ? this.#next() : first;
    if (typeName === 'map') {
      label = 'map';
      this.#expect('<', 'string', ',');
      typeName = this.#next();
      this.#expect('>');
    }
    const name = this.#next();
    this.#expect('=');
    const number = Number(this.#next());
    this.#expect(';');
    const presence = oneof !== undefined || first === 'optional';
    return { name, number, label, presence, typeName, ...(oneof === undefined ? {} : { oneof }) };
  }

  #typeOf(name: string): FieldType {
    if (SCALARS.includes(name)) return { kind: name as Scalar };
    const shape = this.#messages.get(name);
    if (shape !== undefined) return { kind: 'message', shape };
    const names = this.#enums.get(name);
    if (names !== undefined) return { kind: 'enum', names };
    throw new Error(`the schema uses ${name} and does not declare it`);
  }
}

/** The wire type of a field. */
export function wireTypeOf(field: FieldShape): number {
  return field.label === 'map' ? LENGTH_DELIMITED : wireTypeOfType(field.type);
}

/** The wire type of a single value. */
export function wireTypeOfType({ kind }: FieldType): number {
  if (kind === 'double') return FIXED64;
  return kind === 'bool' || kind === 'int32' || kind === 'int64' || kind === 'enum'
    ? VARINT
    : LENGTH_DELIMITED;
}

const shapes = readShapes(PROTO);

/** The shape of `Configs`. */
export const CONFIGS_SHAPE = shapeOf('Configs');
/** The shape of `Config`. */
export const CONFIG_SHAPE = shapeOf('Config');
/** The shape of `ConfigValue`. */
export const CONFIG_VALUE_SHAPE = shapeOf('ConfigValue');
/** The shape of `ContextSet`. */
export const CONTEXT_SET_SHAPE = shapeOf('ContextSet');

function shapeOf(name: string): MessageShape {
  const shape = shapes.get(name);
  if (shape === undefined) throw new Error(`the schema does not declare ${name}`);
  return shape;
}
