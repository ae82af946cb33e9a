/**
 * The example for Fly.io in examples/fly/, which is not deployed here: its shape, and its settings on a
 * belt server. Python reads the TOML.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readBeltServerSettings } from '../../src/config/belt-server.js';
import { freePort } from '../support/ports.js';
import { startNode } from '../support/node.js';

const FOLDER = join(import.meta.dirname, '../../examples/fly');
const DIST = join(import.meta.dirname, '../../dist');
const READ = 'import json,sys,tomllib; json.dump(tomllib.load(sys.stdin.buffer), sys.stdout)';

/** The part of Fly.io's reference of fly.toml that the example uses; no other field is let through. */
const Shape = z.strictObject({
  app: z.string().regex(/^[a-z0-9-]+$/),
  primary_region: z.string().regex(/^[a-z]{3}$/),
  kill_signal: z.enum(['SIGINT', 'SIGTERM']),
  kill_timeout: z.number().int().max(300),
  build: z.strictObject({ dockerfile: z.string() }),
  env: z.record(z.string(), z.string()),
  http_service: z.strictObject({
    internal_port: z.number().int(),
    force_https: z.boolean(),
    auto_stop_machines: z.enum(['off', 'stop', 'suspend']),
    auto_start_machines: z.boolean(),
    concurrency: z.strictObject({
      type: z.enum(['connections', 'requests']),
      soft_limit: z.number(),
      hard_limit: z.number(),
    }),
    checks: z.array(
      z.strictObject({
        method: z.literal('GET'),
        path: z.string(),
        interval: z.string().regex(/^\d+s$/),
        timeout: z.string().regex(/^\d+s$/),
        grace_period: z.string().regex(/^\d+s$/),
      }),
    ),
  }),
  metrics: z.strictObject({ port: z.number().int(), path: z.string() }),
  deploy: z.strictObject({ strategy: z.enum(['rolling', 'immediate', 'canary', 'bluegreen']) }),
  vm: z.array(z.strictObject({ size: z.string(), memory: z.string().regex(/^\d+(mb|gb)$/) })),
});

const toml = readFileSync(join(FOLDER, 'fly.toml'));
const file = Shape.parse(
  JSON.parse(execFileSync('python3', ['-c', READ], { input: toml, encoding: 'utf8' })),
);
/** The settings of the image itself. */
const IMAGE = { NODE_ENV: 'production', HOST: '0.0.0.0' };

describe('the example for Fly.io', () => {
  it('the example for Fly.io has variables that a belt server reads, and no secret', () => {
    const settings = readBeltServerSettings({ ...IMAGE, ...file.env });
    expect(settings.warnings).toEqual([]);
    expect(settings.awsAccessKeyId).toBeUndefined();
    expect(toml.toString()).not.toMatch(/s3:\/\/[^/\s']*@/);
    // The rest is for the package that finds credentials.
    const ours = ['HOLDFAST_SOURCE', 'HOST', 'HOLDFAST_ADMIN_PORT', 'AWS_REGION'];
    expect(Object.keys(file.env).filter((name) => !ours.includes(name))).toEqual(['AWS_ROLE_ARN']);
  });

  it('the example for Fly.io names the ports of its settings, the Dockerfile of the repository, and more time to end than a belt server takes', () => {
    const { port, adminPort } = readBeltServerSettings({ ...IMAGE, ...file.env });
    expect([file.http_service.internal_port, file.metrics.port]).toEqual([port, adminPort]);
    expect(readFileSync(resolve(FOLDER, file.build.dockerfile), 'utf8')).toContain('ENTRYPOINT');
    expect(file.kill_timeout).toBeGreaterThan(5);
    expect(file.kill_signal).toBe('SIGTERM');
  });

  it('the example for Fly.io starts a belt server that answers the check on IPv4 and the metrics on IPv6, while its bucket is away', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hf-fly-'));
    const adminPort = await freePort();
    const server = await startNode({
      env: {
        ...IMAGE,
        ...file.env,
        HOLDFAST_ADMIN_PORT: `${adminPort}`,
        // Neither the bucket nor a token is asked for: no client comes.
        HOME: folder,
      },
      command: [join(DIST, 'main.js'), 'serve'],
    });
    try {
      const [check] = file.http_service.checks;
      expect((await fetch(`${server.url}${check!.path}`)).status).toBe(200);
      const metrics = await fetch(`http://[::1]:${adminPort}${file.metrics.path}`);
      expect(await metrics.text()).toContain('holdfast_build_info');
      expect((await fetch(`${server.url}${file.metrics.path}`)).status).toBe(404);
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
