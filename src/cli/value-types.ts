/** The names that `--type` takes, and the value type of each, a name of Config.ValueType. */
export const VALUE_TYPES: Readonly<Record<string, string>> = {
  bool: 'BOOL',
  int: 'INT',
  double: 'DOUBLE',
  string: 'STRING',
  json: 'JSON',
  duration: 'DURATION',
  'log-level': 'LOG_LEVEL',
  'string-list': 'STRING_LIST',
};
