/**
 * The Helm chart, rendered by helm with each file of charts/holdfast/ci/ and held against the types
 * and schemas of Kubernetes, of Gateway API and of the Prometheus operator, and against a policy.
 * `npm run test:charts` installs helm.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readBeltServerSettings } from '../../src/config/belt-server.js';
import { readNodeSettings } from '../../src/config/node.js';
import { read, root } from '../docs/markdown.js';

const CHART = join(root, 'charts/holdfast');
const HELM = process.env.HELM ?? 'helm';
/** A helm that is built from source takes itself for an old Kubernetes. */
const KUBERNETES = '1.31.0';
const CASES = readdirSync(join(CHART, 'ci')).sort();

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec?: Readonly<Record<string, unknown>>;
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { name: string; value?: string; valueFrom?: unknown }[];
  readonly ports?: readonly { name: string; containerPort: number }[];
  readonly resources?: { readonly limits?: object; readonly requests?: object };
  readonly securityContext?: object;
  readonly lifecycle?: { readonly preStop?: { readonly exec: { readonly command: readonly string[] } } };
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly securityContext?: object;
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
}

function helm(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(HELM, args, { cwd: root, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** The manifests that the chart makes of a values file and further `--set` values. */
function rendered(file: string, ...set: string[]): Manifest[] {
  const values = ['-f', join(CHART, 'ci', file), ...set.flatMap((value) => ['--set', value])];
  const { status, stdout, stderr } = helm(
    'template',
    'flags',
    CHART,
    '--namespace',
    'flags',
    '--kube-version',
    KUBERNETES,
    ...values,
  );
  if (status !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

function podsOf(manifests: readonly Manifest[]): [string, PodSpec][] {
  return manifests
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map(({ metadata, spec }) => [metadata.name, (spec?.template as { spec: PodSpec }).spec]);
}

/** The module of the package that has the type of a manifest. */
function moduleOf({ apiVersion }: Manifest): string {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  if (group === 'monitoring.coreos.com') return `@kubernetes-models/prometheus-operator/${group}/${version}`;
  if (group === 'gateway.networking.k8s.io') return `@kubernetes-models/gateway-api/${group}/${version}`;
  return `kubernetes-models/${group === '' ? '' : `${group}/`}${version}`;
}

/** The errors of the compiler for manifests as literals of their types: unknown and wrong fields. */
function typeErrors(manifests: readonly Manifest[]): string[] {
  const lines = manifests.map(
    (manifest, index) =>
      `import type { I${manifest.kind} as T${index} } from ${JSON.stringify(moduleOf(manifest))};\nexport const m${index}: T${index} = ${JSON.stringify(manifest)};`,
  );
  const file = join(root, 'test/charts/rendered.ts');
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const fileExists = host.fileExists.bind(host);
  const getSourceFile = host.getSourceFile.bind(host);
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...more) =>
    name === file
      ? ts.createSourceFile(name, lines.join('\n'), ts.ScriptTarget.ES2022)
      : getSourceFile(name, ...more);
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/** The errors of the schema of a manifest: required fields, formats, ranges. */
async function schemaErrors(manifest: Manifest): Promise<string[]> {
  const models = (await import(moduleOf(manifest))) as Record<
    string,
    new (data: Manifest) => { validate(): void }
  >;
  const Model = models[manifest.kind];
  if (Model === undefined) return [`no schema for ${manifest.kind}`];
  try {
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [`${manifest.kind} ${manifest.metadata.name}: ${String(error)}`];
  }
}

describe('the check of manifests', () => {
  const policy = (spec: object) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'a', labels: {} },
    spec: spec as Record<string, unknown>,
  });

  it('the check of manifests finds an unknown field, and one of a wrong type', async () => {
    expect(typeErrors([policy({ podSelector: {}, ingres: [] })])).toEqual([
      expect.stringContaining('ingres'),
    ]);
    expect(typeErrors([policy({ podSelector: {}, policyTypes: 'Ingress' })])).toHaveLength(1);
    expect(await schemaErrors(policy({ podSelector: 5 }))).toHaveLength(1);
    expect(typeErrors([policy({ podSelector: {} })])).toEqual([]);
  });
});

describe.each(CASES)('the chart with %s', (file) => {
  it('the chart passes helm lint', () => {
    const { status, stdout } = helm('lint', '--strict', CHART, '-f', join(CHART, 'ci', file));
    expect([status, stdout]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
  });

  it('the chart makes manifests that Kubernetes knows, field by field', async () => {
    const manifests = rendered(file);
    expect(manifests.length).toBeGreaterThan(2);
    expect(typeErrors(manifests)).toEqual([]);
    expect((await Promise.all(manifests.map(schemaErrors))).flat()).toEqual([]);
  });

  it('the chart gives no container root, a writable file system, a capability or unlimited memory', () => {
    for (const [name, pod] of podsOf(rendered(file))) {
      expect([name, pod.securityContext]).toEqual([
        name,
        expect.objectContaining({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }),
      ]);
      expect([name, pod.automountServiceAccountToken]).toEqual([name, false]);
      for (const { image, resources, securityContext } of pod.containers) {
        expect(image).toMatch(/^[\w./-]+(:[\w.-]+|@sha256:[0-9a-f]{64})$/);
        expect(image).not.toMatch(/:latest$/);
        expect(resources).toMatchObject({
          limits: { memory: expect.anything() },
          requests: { cpu: expect.anything() },
        });
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  it('the chart takes every secret from a Secret', () => {
    for (const [, pod] of podsOf(rendered(file))) {
      for (const { env = [] } of pod.containers) {
        for (const { name, value } of env) {
          if (/TOKEN|SECRET|KEY/.test(name)) expect([name, value]).toEqual([name, undefined]);
        }
      }
    }
  });

  it('the chart selects pods that it makes, and each kind of pod by one budget', () => {
    const manifests = rendered(file);
    const pods = manifests
      .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
      .map(({ metadata }) => metadata.labels);
    const matches = (selector: Readonly<Record<string, string>>) =>
      pods.filter((labels) => Object.entries(selector).every(([name, value]) => labels[name] === value))
        .length;
    for (const { kind, metadata, spec } of manifests) {
      if (kind === 'Service')
        expect([metadata.name, matches(spec?.selector as Record<string, string>)]).toEqual([
          metadata.name,
          1,
        ]);
      if (kind === 'PodDisruptionBudget') {
        const { matchLabels } = spec?.selector as { matchLabels: Record<string, string> };
        expect([metadata.name, matches(matchLabels)]).toEqual([metadata.name, 1]);
      }
    }
  });
});

describe('the chart', () => {
  it('the chart has the version of the package', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(read('charts/holdfast/Chart.yaml')).toContain(`\nappVersion: ${version}\n`);
  });

  it('the chart gives nodes and belt servers settings that they start with', () => {
    const settingsOf = (file: string): Record<string, string> => {
      const [, pod] = podsOf(rendered(file)).find(
        ([, { containers }]) => containers[0]?.name === 'holdfast',
      )!;
      return Object.fromEntries(
        (pod.containers[0]?.env ?? []).map(({ name, value }) => [name, value ?? 'f'.repeat(64)]),
      );
    };
    const production = { NODE_ENV: 'production' };
    expect(readNodeSettings({ ...production, ...settingsOf('redis.yaml') }).warnings).toEqual([]);
    const external = { ...settingsOf('external.yaml'), HOLDFAST_STORE: 'redis://redis:6379' };
    expect(readNodeSettings({ ...production, ...external }).warnings).toEqual([]);
    expect(readBeltServerSettings({ ...production, ...settingsOf('belt.yaml') }).warnings).toEqual([]);
  });

  it('the chart waits longer for a pod to end than its drain and preStop take', () => {
    const pods = podsOf(rendered('redis.yaml', 'nodes.drainSeconds=120'));
    const [, node] = pods.find(([name]) => name === 'flags-holdfast')!;
    const preStop = Number(node.containers[0]?.lifecycle?.preStop?.exec.command[1]);
    expect(node.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(preStop + 120 + 5);
  });

  it('the chart lets nodes alone reach the port at which Pushpin takes items', () => {
    const policy = rendered('external.yaml').find(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'flags-holdfast-pushpin',
    );
    const rules = policy?.spec?.ingress as { ports: { port: number }[]; from?: unknown }[];
    expect(rules.filter(({ ports }) => ports.some(({ port }) => port === 5561))).toEqual([
      {
        ports: [{ port: 5561 }, { port: 7997 }],
        from: [
          {
            podSelector: {
              matchLabels: {
                'app.kubernetes.io/name': 'holdfast',
                'app.kubernetes.io/instance': 'flags',
                'app.kubernetes.io/component': 'node',
              },
            },
          },
        ],
      },
    ]);
  });

  it.each([
    ['a misspelt value', 'nodes.replica=3', 'replica'],
    ['a data directory as the store of several nodes', 'store.url=file:./data', 'store.url|store/url'],
    ['no store', 'redis.enabled=false', 'Give store.existingSecret or store.url'],
    ['a belt server without a bucket', 'beltServer.enabled=true', 'Give beltServer.sources'],
    ['an ingress without hosts', 'ingress.enabled=true', 'Give ingress.hosts'],
  ])('the chart refuses %s, and names it', (_, set, problem) => {
    expect(() => rendered('redis.yaml', set)).toThrow(new RegExp(problem));
  });
});
