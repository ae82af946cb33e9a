/**
 * Writes configs as a flag file, the YAML form that a person edits. What read.ts makes of it are the
 * same configs, except for ids and projects, which belong to an environment.
 *
 * [flag-file] #configs
 */
import { Document, isMap, isScalar } from 'yaml';
import type { ConditionalValue, Config, ConfigRow, ConfigValue } from '../ruleset/model.js';
import { descriptionOf } from '../words/configs.js';
import { describeCriterion } from '../words/criterion.js';
import { CONFIG_TYPES, FORMAT_VERSION, USUAL_VALUE_TYPES, VALUE_TYPE_WORDS } from './terms.js';
import { writeJson, writeRollout, writeValue, type Yaml } from './write-value.js';

/** The schema, next to the file: `holdfast export --format schema` prints it. */
const SCHEMA = 'flag-file.schema.json';

type Entries = (readonly [string, Yaml])[];

/**
 * Writes a flag file.
 *
 * @param environment decimal; its rows are the ones that the file is about
 */
export function writeFlagFile(configs: Iterable<Config>, environment: string): string {
  const entries = new Map<string, Yaml>();
  for (const config of configs) entries.set(config.key ?? '', writeConfig(config, environment));
  const document = new Document(
    new Map<string, Yaml>([
      ['holdfast', FORMAT_VERSION],
      ['configs', entries],
    ]),
  );
  const list = document.get('configs');
  // An empty line before each config but the first.
  if (isMap(list)) {
    for (const { key } of list.items.slice(1)) if (isScalar(key)) key.spaceBefore = true;
  }
  document.commentBefore = ` yaml-language-server: $schema=${SCHEMA}`;
  return document.toString({ lineWidth: 0, blockQuote: false });
}

function writeConfig(config: Config, environment: string): Yaml {
  const { rows = [], configType = '' } = config;
  const type = Object.keys(CONFIG_TYPES).find((word) => CONFIG_TYPES[word] === configType);
  const [own, common] = [
    rows.find(({ projectEnvId }) => projectEnvId === environment),
    rows.find(({ projectEnvId }) => projectEnvId === undefined),
  ];
  const covered = [own, common].filter((row) => row !== undefined).length;
  if (type === undefined || covered !== rows.length) return writeRaw(config);
  const description = descriptionOf(config);
  const hasNotes = Object.keys(rows[0]?.properties?.description ?? {}).length > 1;
  // The reader puts it before the other properties.
  const [firstName] = Object.keys(rows[0]?.properties ?? {});
  const isDescribed = description !== undefined && !hasNotes && firstName === 'description';
  const top = own ?? common;
  const first = isDescribed ? rows[0] : undefined;
  return new Map<string, Yaml>([
    ['type', type],
    ...writeHead(config),
    ...(isDescribed ? ([['description', description]] as Entries) : []),
    ...(own === undefined && common !== undefined ? ([['everywhere', true]] as Entries) : []),
    ...(top === undefined ? [] : writeRow(top, config.valueType, top === first)),
    ...writeElsewhere(config, own && common, first),
    ...writeTail(config),
  ]);
}

/** A config that has no form of its own, such as one with rows of other environments. */
function writeRaw(config: Config): Yaml {
  const content = { ...config };
  delete content.id;
  delete content.projectId;
  delete content.key;
  return new Map([['proto', writeJson(content)]]);
}

function writeHead({ configType = '', valueType, sendToClientSdk }: Config): Entries {
  const words = Object.keys(VALUE_TYPE_WORDS).find((word) => VALUE_TYPE_WORDS[word] === valueType);
  const usual = USUAL_VALUE_TYPES[configType];
  const isUsual = valueType === undefined ? configType === 'DELETED' : valueType === usual;
  return [
    ...(isUsual ? [] : ([['valueType', words ?? valueType ?? 'none']] as Entries)),
    ...(sendToClientSdk === undefined ? [] : ([['clientSide', sendToClientSdk]] as Entries)),
  ];
}

function writeElsewhere(
  config: Config,
  common: ConfigRow | undefined,
  first: ConfigRow | undefined,
): Entries {
  if (common === undefined) return [];
  const order: Entries = config.rows?.[0] === common ? [['first', true]] : [];
  const row = writeRow(common, config.valueType, common === first);
  return [['elsewhere', new Map<string, Yaml>([...order, ...row])]];
}

function writeRow(row: ConfigRow, valueType: string | undefined, isDescribed: boolean): Entries {
  const values = row.values ?? [];
  const last = values.at(-1);
  const hasDefault = last !== undefined && (last.criteria ?? []).length === 0;
  const rules = hasDefault ? values.slice(0, -1) : values;
  const properties = Object.entries(row.properties ?? {}).filter(
    ([name]) => !isDescribed || name !== 'description',
  );
  return [
    ...(rules.length === 0 ? [] : ([['rules', rules.map((rule) => writeRule(rule, valueType))]] as Entries)),
    ...(hasDefault ? writeOutcome(last.value ?? {}, valueType, 'default') : []),
    ...(properties.length === 0
      ? []
      : ([
          ['properties', new Map(properties.map(([name, value]) => [name, writeValue(value, undefined)]))],
        ] as Entries)),
  ];
}

function writeRule({ criteria = [], value = {} }: ConditionalValue, valueType: string | undefined): Yaml {
  const conditions = criteria.map(describeCriterion);
  const [only] = conditions;
  const when = conditions.length === 1 && only !== undefined ? only : conditions;
  return new Map<string, Yaml>([['when', when], ...writeOutcome(value, valueType, 'value')]);
}

function writeOutcome(value: ConfigValue, valueType: string | undefined, name: string): Entries {
  const rollout = writeRollout(value, valueType);
  return rollout === undefined ? [[name, writeValue(value, valueType)]] : [['rollout', rollout]];
}

function writeTail({ valueType, allowableValues = [], draftId, schemaKey, changedBy }: Config): Entries {
  const allowed = allowableValues.map((value) => writeValue(value, valueType));
  return [
    ...(allowed.length === 0 ? [] : ([['allowableValues', allowed]] as Entries)),
    ...(draftId === undefined ? [] : ([['draftId', BigInt(draftId)]] as Entries)),
    ...(schemaKey === undefined ? [] : ([['schemaKey', schemaKey]] as Entries)),
    ...(changedBy === undefined ? [] : ([['changedBy', writeJson(changedBy)]] as Entries)),
  ];
}
