/**
 * What our own reader knows of each message: its fields by number, read from proto.ts.
 *
 * Reads no more of the language than proto.ts is written in, and throws at anything else. protobufjs could do it too, but is 34 KB after
 * gzip, and makes its decoders with `Function`, which pages with a content security policy refuse.
 */
import { PROTO } from './proto.js';

export type Scalar = 'string' | 'bytes' | 'bool' | 'double' | 'int32' | 'int64';

/** What a field's values are: a scalar, a message, or an enum, by its numbers. */
export type FieldType =
  | { readonly kind: Scalar }
  | { readonly kind: 'message'; readonly shape: MessageShape }
  | { readonly kind: 'enum'; readonly names: ReadonlyMap<number, string> };

export interface FieldShape {
  readonly name: string;
  /** `map`: by text keys. */
  readonly label: 'single' | 'repeated' | 'map';
  /** Whether a value that equals the default is told from none: `optional` and members of a oneof. */
  readonly presence: boolean;
  /** The names of all members of its oneof: the last that comes counts. */
  readonly oneof?: readonly string[];
  readonly type: FieldType;
}

export interface MessageShape {
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
  readonly declared: Declared[];
  readonly fields: Map<number, FieldShape>;
  readonly oneofs: Map<string, string[]>;
}

/** The shapes of all messages in a schema, by name. Nested enums are known by their own name, which must be unique. */
export function readShapes(proto: string): ReadonlyMap<string, MessageShape> {
  const words = proto.match(/"[^"]*"|[\w.]+|[^\s\w]/g) ?? [];
  const messages = new Map<string, Message>();
  const enums = new Map<string, Map<number, string>>();
  let at = 0;
  const next = (): string => words[at++] ?? '';
  const expect = (...wanted: string[]): void => {
    for (const each of wanted) {
      const found = next();
      if (found !== each) throw new Error(`the schema has ${found} where ${each} is understood`);
    }
  };

  const readEnum = (): void => {
    const names = new Map<number, string>();
    enums.set(next(), names);
    expect('{');
    for (let name = next(); name !== '}'; name = next()) {
      expect('=');
      names.set(Number(next()), name);
      expect(';');
    }
  };
  const readField = (first: string, oneof?: readonly string[]): Declared => {
    let label: FieldShape['label'] = first === 'repeated' ? 'repeated' : 'single';
    let typeName = first === 'repeated' || first === 'optional' ? next() : first;
    if (typeName === 'map') {
      label = 'map';
      expect('<', 'string', ',');
      typeName = next();
      expect('>');
    }
    const name = next();
    expect('=');
    const number = Number(next());
    expect(';');
    const presence = oneof !== undefined || first === 'optional';
    return { name, number, label, presence, typeName, ...(oneof === undefined ? {} : { oneof }) };
  };
  const readOneof = (message: Message): void => {
    const members: string[] = [];
    message.oneofs.set(next(), members);
    expect('{');
    for (let word = next(); word !== '}'; word = next()) {
      const field = readField(word, members);
      members.push(field.name);
      message.declared.push(field);
    }
  };
  const readMessage = (): void => {
    const message: Message = { declared: [], fields: new Map(), oneofs: new Map() };
    messages.set(next(), message);
    expect('{');
    for (let word = next(); word !== '}'; word = next()) {
      if (word === 'enum') readEnum();
      else if (word === 'oneof') readOneof(message);
      else message.declared.push(readField(word));
    }
  };

  expect('syntax', '=', '"proto3"', ';', 'package', 'prefab', ';');
  while (at < words.length) {
    const word = next();
    if (word === 'message') readMessage();
    else if (word === 'enum') readEnum();
    else throw new Error(`the schema has ${word} where a message or an enum is understood`);
  }
  const typeOf = (name: string): FieldType => {
    if (SCALARS.includes(name)) return { kind: name as Scalar };
    const shape = messages.get(name);
    if (shape !== undefined) return { kind: 'message', shape };
    const names = enums.get(name);
    if (names !== undefined) return { kind: 'enum', names };
    throw new Error(`the schema uses ${name} and does not declare it`);
  };
  for (const { declared, fields } of messages.values()) {
    for (const { number, typeName, ...field } of declared)
      fields.set(number, { ...field, type: typeOf(typeName) });
  }
  return messages;
}

const shapes = readShapes(PROTO);

export const CONFIGS_SHAPE = shapeOf('Configs');
export const CONFIG_SHAPE = shapeOf('Config');
export const CONFIG_VALUE_SHAPE = shapeOf('ConfigValue');
export const CONTEXT_SET_SHAPE = shapeOf('ContextSet');

function shapeOf(name: string): MessageShape {
  const shape = shapes.get(name);
  if (shape === undefined) throw new Error(`the schema does not declare ${name}`);
  return shape;
}
