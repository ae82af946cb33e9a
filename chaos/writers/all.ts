/** The writers of a run, and the environments that each writes to. */
import type { Api } from '../api.js';
import type { Random } from '../random.js';
import type { Site } from '../site.js';
import { DoomedWriter } from './doomed.js';
import { GIVEN_IDS_STYLE } from './given-ids.js';
import { HttpWriter, type HttpWriterOptions, type Style } from './http.js';
import { InboxWriter } from './inbox.js';
import type { Ledger } from './ledger.js';
import { SEGMENT_STYLE } from './segments.js';
import { SettingsWriter } from './settings.js';
import type { Writer } from './writer.js';

/** Ids of the last one are given by its source; of the one before, some are. */
export const ENVIRONMENTS = [1n, 2n, 3n, 4n];
const ORDINARY = ENVIRONMENTS.slice(0, 3);
const WITH_GIVEN_IDS = ENVIRONMENTS.slice(2);
const WITH_SEGMENTS = ENVIRONMENTS.slice(0, 2);

export interface WritersOptions {
  readonly api: Api;
  readonly site: Site;
  readonly ledger: Ledger;
  readonly random: Random;
}

/** The writers of a run. */
export interface Writers {
  readonly all: readonly Writer[];
  /** One for each environment, for a change at the end. */
  readonly last: readonly HttpWriter[];
  /** Writes when a fault asks for it. */
  readonly doomed: DoomedWriter;
}

export function makeWriters({ api, site, ledger, random }: WritersOptions): Writers {
  const { nodes } = site;
  const options = (name: string, environments: readonly bigint[]): HttpWriterOptions => {
    return { name, api, nodes, environments, ledger, random: random.fork(name) };
  };
  const withStyle = (name: string, environments: readonly bigint[], style: Style): HttpWriter =>
    new HttpWriter({ ...options(name, environments), style });
  const last = [
    ...[1, 2, 3].map((number) => new HttpWriter(options(`w${number}`, ORDINARY))),
    withStyle('given', WITH_GIVEN_IDS, GIVEN_IDS_STYLE),
  ];
  const redisUrl = site.redis.url;
  const inbox = { name: 'inbox', redisUrl, environments: ORDINARY, ledger, random: random.fork('inbox') };
  const all = [
    ...last,
    ...[1, 2].map((number) => withStyle(`segments${number}`, WITH_SEGMENTS, SEGMENT_STYLE)),
    new SettingsWriter(options('settings', ENVIRONMENTS)),
    new InboxWriter(inbox),
  ];
  const doomed = new DoomedWriter({ name: 'doomed', api, ledger, environment: WITH_SEGMENTS[0]! });
  return { all, last, doomed };
}
