/** The packages that a built node loads, which Node's own module log says. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, describe, it } from 'vitest';
import { startNode } from '../support/node.js';

const DIST = join(import.meta.dirname, '../../dist');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-lazy-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The packages that a node has loaded when it is ready. */
async function packagesOf(env: Readonly<Record<string, string>>): Promise<Set<string>> {
  const node = await startNode({
    env: { NODE_DEBUG: 'module,esm', HOLDFAST_STORE: `file:${join(folder, 'data')}`, ...env },
    logFile: join(mkdtempSync(join(folder, 'log-')), 'log.txt'),
  });
  await node.stop();
  const parts = new Set(
    [...node.logs().matchAll(/dist\/(parts\/[\w-]+\.js|main\.js)/g)].map(([, part]) => part!),
  );
  // The bundle names the file of a package before its text.
  const texts = [...parts].map((part) => readFileSync(join(DIST, part), 'utf8'));
  const names = texts.join('\n').matchAll(/^\s*\/\/ node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm);
  return new Set([...names].map(([, name]) => name!));
}

/** Those of OpenTelemetry, but for its interface, which prom-client loads for its own use. */
const sdkOf = (packages: ReadonlySet<string>): string[] =>
  [...packages].filter((name) => name.startsWith('@opentelemetry/') && name !== '@opentelemetry/api');

describe('a node', () => {
  it('a node without a receiver of traces loads no package of OpenTelemetry, nor what only terminals need', async () => {
    const packages = await packagesOf({});
    expect(packages).toContain('express');
    expect(sdkOf(packages)).toEqual([]);
    expect(packages).not.toContain('pino-pretty');
  });

  it('a node with a receiver of traces loads the packages of OpenTelemetry, unless they are disabled', async () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
    expect(await packagesOf(endpoint)).toContain('@opentelemetry/exporter-trace-otlp-proto');
    const disabled = await packagesOf({ ...endpoint, OTEL_SDK_DISABLED: 'true' });
    expect(sdkOf(disabled)).toEqual([]);
  });

  it('a node with a bucket in S3 loads what finds credentials only when no key was given', async () => {
    const bucket = (key: string) => `s3://${key}flags?endpoint=http://127.0.0.1:9`;
    const given = await packagesOf({ HOLDFAST_BELT: bucket('id:secret@') });
    expect(given).toContain('aws4fetch');
    expect([...given].filter((name) => /^@(aws-sdk|smithy)\//.test(name))).toEqual([]);
    const env = { HOLDFAST_BELT: bucket(''), AWS_EC2_METADATA_DISABLED: 'true', HOME: folder };
    expect(await packagesOf(env)).toContain('@aws-sdk/credential-provider-http');
  });
});
