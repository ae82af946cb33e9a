/**
 * The configuration of a private Pushpin, made from the one of the container image (pushpin/), so
 * that every line that is not about ports, folders and the key is tested for real.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Options by `section.option`, such as `handler.message_rate`. */
export type PushpinOptions = Readonly<Record<string, string | number>>;

export interface PushpinPlace {
  /**
   * Where configuration, sockets and pid files go. Short: a socket's path may have 107 characters.
   */
  readonly dir: string;
  readonly httpPort: number;
  readonly publishPort: number;
  readonly metricsPort: number;
  /** The output of `pushpin --version`, such as `pushpin 1.36.0`. */
  readonly version: string;
  readonly sigKey: string;
  readonly sigIss?: string | undefined;
}

/** The target in pushpin/routes that stands for all nodes. */
const NODES = 'holdfast:8080';
const folder = join(import.meta.dirname, '../../pushpin');

/** The text of pushpin/pushpin.conf. */
export function shippedConfig(): string {
  return readFileSync(join(folder, 'pushpin.conf'), 'utf8');
}

/** pushpin/pushpin.conf for a private Pushpin; `overrides` win over everything. */
export function pushpinConfig(place: PushpinPlace, overrides: PushpinOptions = {}): string {
  return withOptions(shippedConfig(), {
    'global.rundir': place.dir,
    'runner.logdir': place.dir,
    // Loopback only; the image listens on all addresses of its container.
    'runner.http_port': `127.0.0.1:${place.httpPort}`,
    'handler.push_in_http_addr': '127.0.0.1',
    'handler.push_in_http_port': place.publishPort,
    'handler.prometheus_port': `127.0.0.1:${place.metricsPort}`,
    'proxy.sig_key': place.sigKey,
    ...(place.sigIss === undefined ? {} : { 'proxy.sig_iss': place.sigIss }),
    ...(isLegacy(place.version) ? legacyOptions(place.dir) : {}),
    ...overrides,
  });
}

/** pushpin/routes with the nodes' addresses (`host:port`) in place of their common name. */
export function pushpinRoutes(targets: readonly string[]): string {
  const text = readFileSync(join(folder, 'routes'), 'utf8');
  const lines = text.split('\n').map((line) => {
    return line.startsWith('#') ? line : line.replace(NODES, targets.join(' '));
  });
  return lines.join('\n');
}

/** True for a Pushpin before 1.40, which has Condure and Zurl as programs of their own. */
export function isLegacy(version: string): boolean {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) throw new Error(`no version in ${JSON.stringify(version)}`);
  return Number(major) < 1 || (Number(major) === 1 && Number(minor) < 40);
}

/**
 * Pushpin's internal.conf with Zurl's sockets in Pushpin's own folder. Debian's names those of a
 * Zurl that runs as a system service; a private Pushpin starts its own.
 */
export function privateInternalConfig(text: string): string {
  return text.replaceAll('ipc:///var/run/zurl/', 'ipc://{rundir}/{ipc_prefix}');
}

/** Where a Pushpin before 1.40 finds the copy of internal.conf. */
export function internalConfigPath(dir: string): string {
  return join(dir, 'internal.conf');
}

/** The value of an option in the text of a configuration; `undefined` when it is not set. */
export function optionOf(text: string, name: string): string | undefined {
  const { lines, at } = locate(text, name);
  return at.line === undefined ? undefined : lines[at.line]?.replace(/^[^=]*=/, '');
}

/**
 * The text of a configuration with options set: in place where they are, else at the head of their
 * section.
 */
export function withOptions(text: string, options: PushpinOptions): string {
  return Object.entries(options).reduce((result, [name, value]) => {
    const { lines, at, option } = locate(result, name);
    const line = `${option}=${value}`;
    if (at.line !== undefined) lines[at.line] = line;
    else lines.splice(at.section + 1, 0, line);
    return lines.join('\n');
  }, text);
}

function legacyOptions(dir: string): PushpinOptions {
  return {
    'global.include': internalConfigPath(dir),
    'runner.services': 'condure,zurl,pushpin-proxy,pushpin-handler',
  };
}

interface Location {
  readonly lines: string[];
  readonly option: string;
  readonly at: { readonly section: number; readonly line: number | undefined };
}

function locate(text: string, name: string): Location {
  const [section, option] = name.split('.');
  if (section === undefined || option === undefined) throw new Error(`${name} is not section.option`);
  const lines = text.split('\n');
  const start = lines.indexOf(`[${section}]`);
  if (start < 0) throw new Error(`there is no section [${section}]`);
  const next = lines.findIndex((line, index) => index > start && line.startsWith('['));
  const line = lines.findIndex(
    (content, index) => index > start && (next < 0 || index < next) && content.startsWith(`${option}=`),
  );
  return { lines, option, at: { section: start, line: line < 0 ? undefined : line } };
}
