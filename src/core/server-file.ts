/**
 * The files by which the commands find a server that runs in the same folder. It writes both into
 * its data directory, readable by its owner alone.
 */

/** The name of the file with the generated secrets. */
export const SECRETS_FILE = 'secrets.json';

/** The name of the file that says where a running server is. It is removed when the server stops. */
export const SERVER_FILE = 'server.json';

/** The content of the secrets' file. */
export interface KeptSecrets {
  readonly adminToken: string;
  readonly secret: string;
  /** The server key of environment 1; absent in files of before it was kept. */
  readonly apiKey?: string;
}

/** The content of the file of a running server. */
export interface ServerAddress {
  /** The URL for clients on this machine. */
  readonly url: string;
  /** The URL of the admin interface; the same without a port of its own. */
  readonly adminUrl: string;
  readonly pid: number;
  /** True when the generated admin token is the one in force. */
  readonly generatedToken: boolean;
}
