/**
 * Rulesets in decoded form: exactly the proto3-JSON of the messages in schema.ts. int64 are decimal
 * strings, enums are names, bytes are base64, absent fields are absent. One form serves request
 * bodies, datafiles, validation and display.
 */
/** The message that travels: configs and the envelope. */
export interface Configs {
  configs?: Config[];
  configServicePointer?: { projectId?: string; startAtId?: string; projectEnvId?: string };
  apikeyMetadata?: { keyId?: string; userId?: string };
  defaultContext?: ContextSet;
  keepAlive?: boolean;
}

/** A flag, config value, segment, log level or tombstone. */
export interface Config {
  id?: string;
  projectId?: string;
  key?: string;
  changedBy?: { userId?: string; email?: string; apiKeyId?: string; userIdentity?: string };
  rows?: ConfigRow[];
  allowableValues?: ConfigValue[];
  configType?: string;
  draftId?: string;
  valueType?: string;
  sendToClientSdk?: boolean;
  schemaKey?: string;
}

/** The values of a config for one environment, or for all others. */
export interface ConfigRow {
  /**
   * The environment that the row is for; absent on the default row, which serves environments
   * without one of their own.
   */
  projectEnvId?: string;
  /** Tried in order; the first whose criteria all hold decides. */
  values?: ConditionalValue[];
  properties?: Record<string, ConfigValue>;
}

/** A value and its conditions. */
export interface ConditionalValue {
  /** ANDed; empty means always. */
  criteria?: Criterion[];
  value?: ConfigValue;
}

/** One condition: a property of a context, compared with a constant. */
export interface Criterion {
  propertyName?: string;
  operator?: string;
  valueToMatch?: ConfigValue;
}

/** At most one of the fields from `int` to `schema` is present. */
export interface ConfigValue {
  int?: string;
  string?: string;
  bytes?: string;
  double?: number | string;
  bool?: boolean;
  weightedValues?: WeightedValues;
  limitDefinition?: Record<string, unknown>;
  logLevel?: string;
  stringList?: { values?: string[] };
  intRange?: { start?: string; end?: string };
  provided?: { source?: string; lookup?: string };
  duration?: { definition?: string };
  json?: { json?: string };
  schema?: { schema?: string; schemaType?: string };
  confidential?: boolean;
  decryptWith?: string;
  name?: string;
  description?: string;
}

/** Values of which one is chosen by weight. */
export interface WeightedValues {
  weightedValues?: { weight?: number; value?: ConfigValue }[];
  hashByPropertyName?: string;
}

/** Contexts of several types; the default context of an environment. */
export interface ContextSet {
  contexts?: { type?: string; values?: Record<string, ConfigValue> }[];
}
