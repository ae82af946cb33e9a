/**
 * The protobuf messages that travel: package `prefab`, proto3, as the public SDKs read them.
 *
 * Written from the published field numbers; only the messages of rulesets are declared here. Field
 * names are given in camelCase, which is what proto3-JSON uses, so that one spelling serves JSON,
 * TypeScript and errors.
 *
 * The one source of two readers: protobufjs (schema.ts), which encodes and describes types for the
 * strict checks of input, and our own (shapes.ts, decode.ts), which is all that a client has to
 * load.
 */
export const PROTO = `
syntax = "proto3";
package prefab;

message Configs {
  repeated Config configs = 1;
  ConfigServicePointer configServicePointer = 2;
  optional ApiKeyMetadata apikeyMetadata = 3;
  optional ContextSet defaultContext = 4;
  optional bool keepAlive = 5;
}
message ConfigServicePointer { int64 projectId = 1; int64 startAtId = 2; int64 projectEnvId = 3; }
message ApiKeyMetadata { optional string keyId = 1; optional string userId = 3; }

message Config {
  int64 id = 1;
  int64 projectId = 2;
  string key = 3;
  ChangedBy changedBy = 4;
  repeated ConfigRow rows = 5;
  repeated ConfigValue allowableValues = 6;
  ConfigType configType = 7;
  optional int64 draftId = 8;
  ValueType valueType = 9;
  bool sendToClientSdk = 10;
  optional string schemaKey = 11;
  enum ValueType {
    NOT_SET_VALUE_TYPE = 0; INT = 1; STRING = 2; BYTES = 3; DOUBLE = 4; BOOL = 5; LIMIT_DEFINITION = 7; LOG_LEVEL = 9;
    STRING_LIST = 10; INT_RANGE = 11; DURATION = 12; JSON = 13;
  }
}
message ChangedBy { int64 userId = 1; string email = 2; string apiKeyId = 3; string userIdentity = 4; }
message ConfigRow {
  optional int64 projectEnvId = 1;
  repeated ConditionalValue values = 2;
  map<string, ConfigValue> properties = 3;
}
message ConditionalValue { repeated Criterion criteria = 1; ConfigValue value = 2; }
message Criterion {
  string propertyName = 1;
  CriterionOperator operator = 2;
  ConfigValue valueToMatch = 3;
  enum CriterionOperator {
    NOT_SET = 0; LOOKUP_KEY_IN = 1; LOOKUP_KEY_NOT_IN = 2; IN_SEG = 3; NOT_IN_SEG = 4; ALWAYS_TRUE = 5; PROP_IS_ONE_OF = 6;
    PROP_IS_NOT_ONE_OF = 7; PROP_ENDS_WITH_ONE_OF = 8; PROP_DOES_NOT_END_WITH_ONE_OF = 9; HIERARCHICAL_MATCH = 10;
    IN_INT_RANGE = 11; PROP_STARTS_WITH_ONE_OF = 12; PROP_DOES_NOT_START_WITH_ONE_OF = 13; PROP_CONTAINS_ONE_OF = 14;
    PROP_DOES_NOT_CONTAIN_ONE_OF = 15; PROP_LESS_THAN = 16; PROP_LESS_THAN_OR_EQUAL = 17; PROP_GREATER_THAN = 18;
    PROP_GREATER_THAN_OR_EQUAL = 19; PROP_BEFORE = 20; PROP_AFTER = 21; PROP_MATCHES = 22; PROP_DOES_NOT_MATCH = 23;
    PROP_SEMVER_LESS_THAN = 24; PROP_SEMVER_EQUAL = 25; PROP_SEMVER_GREATER_THAN = 26;
  }
}
message ConfigValue {
  oneof type {
    int64 int = 1;
    string string = 2;
    bytes bytes = 3;
    double double = 4;
    bool bool = 5;
    WeightedValues weightedValues = 6;
    LimitDefinition limitDefinition = 7;
    LogLevel logLevel = 9;
    StringList stringList = 10;
    IntRange intRange = 11;
    Provided provided = 12;
    IsoDuration duration = 15;
    Json json = 16;
    Schema schema = 17;
  }
  optional bool confidential = 13;
  optional string decryptWith = 14;
  optional string name = 18;
  optional string description = 19;
}
message Json { string json = 1; }
message IsoDuration { string definition = 1; }
message Provided { optional ProvidedSource source = 1; optional string lookup = 2; }
message IntRange { optional int64 start = 1; optional int64 end = 2; }
message StringList { repeated string values = 1; }
message WeightedValues { repeated WeightedValue weightedValues = 1; optional string hashByPropertyName = 2; }
message WeightedValue { int32 weight = 1; ConfigValue value = 2; }
message ContextSet { repeated Context contexts = 1; }
message Context { optional string type = 1; map<string, ConfigValue> values = 2; }
message Schema {
  string schema = 1;
  SchemaType schemaType = 2;
  enum SchemaType { UNKNOWN = 0; ZOD = 1; JSON_SCHEMA = 2; }
}
message LimitDefinition {
  LimitPolicyNames policyName = 2;
  int32 limit = 3;
  int32 burst = 4;
  int64 accountId = 5;
  int64 lastModified = 6;
  bool returnable = 7;
  SafetyLevel safetyLevel = 8;
  enum SafetyLevel { NOT_SET = 0; L4_BEST_EFFORT = 4; L5_BOMBPROOF = 5; }
  enum LimitPolicyNames {
    NOT_SET = 0; SECONDLY_ROLLING = 1; MINUTELY_ROLLING = 3; HOURLY_ROLLING = 5; DAILY_ROLLING = 7; MONTHLY_ROLLING = 8;
    INFINITE = 9; YEARLY_ROLLING = 10;
  }
}
enum ConfigType {
  NOT_SET_CONFIG_TYPE = 0; CONFIG = 1; FEATURE_FLAG = 2; LOG_LEVEL = 3; SEGMENT = 4; LIMIT_DEFINITION = 5; DELETED = 6; SCHEMA = 7;
  LOG_LEVEL_V2 = 8;
}
enum LogLevel { NOT_SET_LOG_LEVEL = 0; TRACE = 1; DEBUG = 2; INFO = 3; WARN = 5; ERROR = 6; FATAL = 9; }
enum ProvidedSource { PROVIDED_SOURCE_NOT_SET = 0; ENV_VAR = 1; }
`;
