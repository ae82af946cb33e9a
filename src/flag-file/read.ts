/**
 * Reads flag files, the YAML form of configs that a person writes. Everything that is wrong is an
 * error with line and column; the first one is thrown.
 *
 * [flag-file] #configs
 */
import { LineCounter, parseDocument } from 'yaml';
import { HoldfastError } from '../core/errors.js';
import { readConfigJson } from '../ruleset/json.js';
import type { Config, ConfigRow } from '../ruleset/model.js';
import { portableConfig } from '../ruleset/portable.js';
import { validateConfig } from '../ruleset/validate.js';
import { Place, type Source } from './place.js';
import { readProto, readFlagValue } from './read-value.js';
import { readRow, type RowFields } from './read-row.js';
import {
  CONFIG_FIELDS,
  CONFIG_TYPES,
  FORMAT_VERSION,
  ROW_FIELDS,
  USUAL_VALUE_TYPES,
  VALUE_TYPE_WORDS,
} from './terms.js';

/** The destination of a flag file. */
export interface FlagFileOptions {
  /** The file's name, for errors. */
  readonly name: string;
  /** The environment that the values are for, decimal. */
  readonly environment: string;
}

/**
 * Reads a flag file as valid configs without ids; those of type `deleted` are tombstones.
 *
 * @throws HoldfastError `flag_file_invalid`, which begins with file, line and column
 */
export function readFlagFile(text: string, options: FlagFileOptions): Config[] {
  const { name, environment } = options;
  const root = parse(text.replace(/^\ufeff/, ''), name);
  const head = root.fields(
    ['holdfast', 'configs'],
    'a flag file must be a map with "holdfast: 1" and "configs:".',
  );
  if (head.holdfast?.scalar !== BigInt(FORMAT_VERSION)) {
    (head.holdfast ?? root).fail(
      `a flag file must say "holdfast: ${FORMAT_VERSION}", the version of its form.`,
    );
  }
  if (head.configs === undefined) return root.fail('a flag file must have "configs:", a map by key.');
  if (head.configs.scalar === null) return [];
  const entries = [
    ...head.configs.map(
      'configs must be a map by key; a datafile, which has a list here, is committed with import.',
    ),
  ];
  return entries.map(([key, entry]) => readConfig(key, entry, environment));
}

function parse(text: string, name: string): Place {
  const lines = new LineCounter();
  const source: Source = { name, text, lines };
  // Unique keys are checked by Place, in linear time.
  const options = {
    intAsBigInt: true,
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
    merge: false,
  };
  try {
    const document = parseDocument(text, options);
    const [error] = document.errors;
    if (error !== undefined)
      new Place(source, null, error.pos[0]).fail(`${error.message}.`.replace(/\.\.$/, '.'));
    return new Place(source, document.contents, 0);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return new Place(source, null, 0).fail('is nested too deep to be read.');
  }
}

type Fields = Partial<Record<(typeof CONFIG_FIELDS)[number], Place>>;

function readConfig(
  key: string,
  { key: at, value: place }: { key: Place; value: Place },
  environment: string,
): Config {
  const fields = place.fields(CONFIG_FIELDS, 'a config must be a map, with a type and a default.');
  // The places of rows and values, for errors about their meaning.
  const places = new Map<string, Place>([['', at]]);
  const config = portableConfig(
    fields.proto === undefined
      ? readFields(key, place, fields, { environment, places })
      : readRaw(key, place, fields),
  );
  try {
    validateConfig(config, { environment: BigInt(environment), projectId: 0n, field: '' });
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return placeOf(error.field ?? '', places).fail(error.message.trim());
  }
  return config;
}

/** The place of the innermost part that a path leads through. */
function placeOf(path: string, places: ReadonlyMap<string, Place>): Place {
  for (let end = path; end !== ''; end = end.replace(/(^|\.)[^.]*$/, '')) {
    const place = places.get(end) ?? places.get(end.replace(/\[\d+\]$/, ''));
    if (place !== undefined) return place;
  }
  const root = places.get('');
  if (root === undefined) throw new Error('the config has no place');
  return root;
}

function readRaw(key: string, place: Place, { proto, ...others }: Fields): Config {
  if (proto === undefined || Object.keys(others).length > 0) {
    return place.fail('"proto" is the whole config; leave out the other keys.');
  }
  const config = readProto(proto, readConfigJson);
  if ((config.key ?? key) !== key) proto.fail('must be without a key, which stands before it.');
  return { ...config, key };
}

interface ConfigContext {
  readonly environment: string;
  readonly places: Map<string, Place>;
}

function readFields(key: string, place: Place, fields: Fields, context: ConfigContext): Config {
  if (fields.type === undefined) {
    return place.fail(`a config must have a type: one of ${Object.keys(CONFIG_TYPES).join(', ')}.`);
  }
  const configType = fields.type.choice('the type', CONFIG_TYPES);
  const valueType = readValueType(configType, fields, place);
  const rows = configType === 'DELETED' ? [] : readRows(fields, valueType, context);
  return {
    key,
    configType,
    ...(valueType === undefined ? {} : { valueType }),
    ...(rows.length === 0 ? {} : { rows: described(rows, fields.description?.text('the description')) }),
    ...(fields.clientSide?.flag('clientSide') === true ? { sendToClientSdk: true } : {}),
    ...readTail(fields, valueType),
  };
}

function readTail({ allowableValues, draftId, schemaKey, changedBy }: Fields, valueType: string | undefined) {
  const allowed = allowableValues?.list('allowableValues must be a list.') ?? [];
  return {
    ...(allowed.length === 0
      ? {}
      : { allowableValues: allowed.map((each) => readFlagValue(each, valueType)) }),
    ...(draftId && readProto(draftId, (id, field) => readConfigJson({ draftId: id }, field))),
    ...(schemaKey && { schemaKey: schemaKey.text('schemaKey') }),
    ...(changedBy && readProto(changedBy, (by, field) => readConfigJson({ changedBy: by }, field))),
  };
}

/** The description is a property of the first row: the data model has no field for it. */
function described(rows: ConfigRow[], description: string | undefined): ConfigRow[] {
  const [first, ...others] = rows;
  if (description === undefined || first === undefined) return rows;
  const properties = { description: { string: description }, ...first.properties };
  return [{ ...first, properties }, ...others];
}

function readRows(
  fields: Fields,
  valueType: string | undefined,
  { environment, places }: ConfigContext,
): ConfigRow[] {
  const { elsewhere } = fields;
  const isEverywhere = fields.everywhere?.flag('everywhere') === true;
  if (isEverywhere && elsewhere !== undefined) {
    elsewhere.fail(
      'cannot be given together with "everywhere: true", which makes the values those of all environments.',
    );
  }
  const common = elsewhere?.fields([...ROW_FIELDS, 'first'], 'elsewhere must be a map like the config.');
  const isFirst = common?.first?.flag('first') === true;
  const [at, commonAt] = isFirst ? [1, 0] : [0, 1];
  const top: ConfigRow = {
    ...(isEverywhere ? {} : { projectEnvId: environment }),
    ...readRow(fields, valueType, { places, path: `rows[${at}]` }),
  };
  if (common === undefined) return [top];
  const row = readRow(common satisfies RowFields, valueType, { places, path: `rows[${commonAt}]` });
  return isFirst ? [row, top] : [top, row];
}

/** The value type that is given, or that the type or the first value suggests. */
function readValueType(configType: string, fields: Fields, place: Place): string | undefined {
  if (fields.valueType !== undefined) return fields.valueType.choice('the value type', VALUE_TYPE_WORDS);
  if (configType === 'DELETED') return undefined;
  const usual = USUAL_VALUE_TYPES[configType];
  const isOpen = configType === 'FEATURE_FLAG' || configType === 'CONFIG';
  const guess = isOpen ? guessOf(firstValue(fields)) : undefined;
  return guess ?? usual ?? place.fail('a config of this type must have a valueType, such as string or json.');
}

function firstValue(fields: Fields): Place | undefined {
  if (fields.default !== undefined) return fields.default;
  const [rule] = fields.rules?.isList === true ? fields.rules.list('') : [];
  return rule?.isMap === true ? rule.map('').get('value')?.value : undefined;
}

function guessOf(place: Place | undefined): string | undefined {
  if (place === undefined) return undefined;
  if (place.isMap) return [...place.map('').keys()].some((key) => key.startsWith('$')) ? undefined : 'JSON';
  if (place.isList) {
    return place.list('').every((each) => typeof each.scalar === 'string') ? 'STRING_LIST' : 'JSON';
  }
  const kinds: Partial<Record<string, string>> = {
    boolean: 'BOOL',
    bigint: 'INT',
    number: 'DOUBLE',
    string: 'STRING',
  };
  return kinds[typeof place.scalar];
}
