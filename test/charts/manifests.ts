/** Renders the chart with helm, and holds manifests against types and schemas. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { options } from '../../src/config/options.js';
import { root } from '../docs/markdown.js';

export const CHART = join(root, 'charts/holdfast');
const HELM = process.env.HELM ?? 'helm';
/** A helm that is built from source takes itself for an old Kubernetes. */
const KUBERNETES = '1.31.0';
/** The settings that are or may contain a secret. */
export const SECRETS = Object.values<{ readonly name: string; readonly secret?: true }>(options).flatMap(
  ({ name, secret }) => (secret === true ? [name] : []),
);
export const CASES = readdirSync(join(CHART, 'ci')).sort();

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

/** The labels that a selector asks for. */
export type Selector = Readonly<Record<string, string>>;

interface PodSpec {
  readonly containers: readonly Container[];
  readonly securityContext?: object;
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
}

export function helm(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(HELM, args, { cwd: root, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** The manifests that the chart makes of a values file and further `--set` values. */
export function rendered(file: string, ...set: string[]): Manifest[] {
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

export function podsOf(manifests: readonly Manifest[]): [string, PodSpec][] {
  return manifests
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map(({ metadata, spec }) => [metadata.name, (spec?.template as { spec: PodSpec }).spec]);
}

/** The kinds of pods: the labels of each, and the labels that its workload selects. */
export function workloadsOf(manifests: readonly Manifest[]) {
  return manifests
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map(({ metadata, spec }) => ({
      name: metadata.name,
      labels: (spec?.template as { metadata: { labels: Selector } }).metadata.labels,
      selector: (spec?.selector as { matchLabels: Selector }).matchLabels,
    }));
}

export function isSelected(labels: Selector, selector: Selector): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}

/** The variables of the container that runs a node or a belt server. */
export function variablesOf(
  manifests: readonly Manifest[],
): readonly NonNullable<Container['env']>[number][] {
  const pod = podsOf(manifests).find(([, { containers }]) => containers[0]?.name === 'holdfast');
  return pod?.[1].containers[0]?.env ?? [];
}

/** The module of the package that has the type of a manifest. */
function moduleOf({ apiVersion }: Manifest): string {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  if (group === 'monitoring.coreos.com') return `@kubernetes-models/prometheus-operator/${group}/${version}`;
  if (group === 'gateway.networking.k8s.io') return `@kubernetes-models/gateway-api/${group}/${version}`;
  return `kubernetes-models/${group === '' ? '' : `${group}/`}${version}`;
}

/** The errors of the compiler for manifests as literals of their types: unknown and wrong fields. */
export function typeErrors(manifests: readonly Manifest[]): string[] {
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
export async function schemaErrors(manifest: Manifest): Promise<string[]> {
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
