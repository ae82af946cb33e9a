/** Requests that try to get from the clients' port to a route of operators. */

/** Header lines of a usable, an unusable or no host, by name. */
export const HOSTS: Record<string, string> = {
  'no Host': '',
  'an empty Host': 'Host:\r\n',
  'a blank Host': 'Host:  \r\n',
  'a Host of a slash': 'Host: /\r\n',
  'a Host of a colon': 'Host: :\r\n',
  'a Host of a port': 'Host: :80\r\n',
  'a Host with a path': 'Host: a/b\r\n',
  'a Host with a user': 'Host: user@\r\n',
  'a Host with a query': 'Host: ?\r\n',
  'a Host with a fragment': 'Host: #\r\n',
  'a Host with a backslash': 'Host: \\\r\n',
  'a Host with a space': 'Host: a b\r\n',
  'a Host with brackets': 'Host: []\r\n',
  'a Host with an open bracket': 'Host: [\r\n',
  'a Host with a bad port': 'Host: a:b\r\n',
  'a Host with a percent sign': 'Host: %\r\n',
  'a Host with a control character': 'Host: \u0001\r\n',
  'a Host that is not ASCII': 'Host: é\r\n',
  'a Host of the node': 'Host: 127.0.0.1\r\n',
  'two Hosts': 'Host: a\r\nHost:\r\n',
  'two empty Hosts': 'Host:\r\nHost:\r\n',
};

/** Paths of operators. */
export const INTERNAL = ['/metrics', '/readyz', '/livez', '/admin/v1/environments'];

/** Targets that lead to an internal path when a part of them is dropped or decoded on the way. */
export const targetsOf = (path: string): string[] => [
  path,
  `/api${path}`,
  `/ofrep${path}`,
  `/api/..${path}`,
  `/api/%2e%2e${path}`,
  `//api${path}`,
  `/api/${path}`,
  `http:///api${path}`,
  `http://api${path}`,
  `http://x/api${path}`,
  `http://x/api/..${path}`,
  `https:///api${path}`,
  `http:/api${path}`,
  `http:api${path}`,
  `/api${path}?http://`,
  `/api/@x${path}`,
];

/** True for an answer that only a route of operators gives. */
export function isInternal(answer: string): boolean {
  return /process_cpu_seconds_total|"status":|\r\n\r\nok\n|"environments":/.test(answer);
}
