/**
 * The Helm chart, rendered by helm with each file of charts/holdfast/ci/ and held against the types
 * and schemas of Kubernetes, of Gateway API and of the Prometheus operator, and against a policy.
 * `npm run test:charts` installs helm.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBeltServerSettings } from '../../src/config/belt-server.js';
import { readNodeSettings } from '../../src/config/node.js';
import { options } from '../../src/config/options.js';
import { read } from '../docs/markdown.js';
import {
  CHART,
  SECRETS,
  CASES,
  type Selector,
  helm,
  rendered,
  podsOf,
  workloadsOf,
  isSelected,
  variablesOf,
  typeErrors,
  schemaErrors,
} from './manifests.js';

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

  it('the chart takes every secret from a Secret, and names no variable twice', () => {
    for (const [, pod] of podsOf(rendered(file))) {
      for (const { env = [] } of pod.containers) {
        const names = env.map(({ name }) => name);
        expect(names).toEqual([...new Set(names)]);
        for (const { name, value } of env) {
          if (!SECRETS.includes(name) || value === undefined) continue;
          // An address is no secret; what would be one in it is not there.
          const url = new URL(value);
          expect([name, url.username + url.password, url.searchParams.get('key')]).toEqual([name, '', null]);
        }
      }
    }
  });

  it('the chart selects pods that it makes, and each kind of pod by one budget and one workload', () => {
    const manifests = rendered(file);
    const workloads = workloadsOf(manifests);
    const selected = (selector: Selector) =>
      workloads.filter(({ labels }) => isSelected(labels, selector)).map(({ name }) => name);
    for (const { name, selector } of workloads) expect([name, selected(selector)]).toEqual([name, [name]]);
    const budgets = manifests.filter(({ kind }) => kind === 'PodDisruptionBudget');
    for (const { metadata, spec } of budgets) {
      const { matchLabels } = spec?.selector as { matchLabels: Selector };
      expect([metadata.name, selected(matchLabels)]).toEqual([metadata.name, [metadata.name]]);
    }
    const alone = workloads.filter(({ name }) => !name.endsWith('-redis'));
    expect(budgets.map(({ metadata }) => metadata.name).sort()).toEqual(alone.map(({ name }) => name).sort());
    for (const { kind, metadata, spec } of manifests) {
      if (kind !== 'Service') continue;
      expect([metadata.name, selected(spec?.selector as Selector).length > 0]).toEqual([metadata.name, true]);
    }
  });

  it('the chart opens ports by the network policies to those alone who need them', () => {
    const manifests = rendered(file);
    for (const { name, labels } of workloadsOf(manifests)) {
      const policies = manifests.filter(
        ({ kind, spec }) =>
          kind === 'NetworkPolicy' &&
          isSelected(labels, (spec?.podSelector as { matchLabels: Selector }).matchLabels),
      );
      const rules = policies.flatMap(
        ({ spec }) => spec?.ingress as { ports: { port: number }[]; from?: unknown[] }[],
      );
      const open = rules.filter(({ from }) => from === undefined).flatMap(({ ports }) => ports);
      // To every address: at most the port of clients.
      expect([name, open.filter(({ port }) => port !== 8080 && port !== 7999)]).toEqual([name, []]);
      expect([name, policies.length]).toEqual([name, 1]);
    }
  });
});

describe('the chart', () => {
  it('the chart has the version of the package', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(read('charts/holdfast/Chart.yaml')).toContain(`\nappVersion: ${version}\n`);
  });

  it('the chart gives nodes and belt servers settings that they start with', () => {
    const references: Readonly<Record<string, string>> = {
      HOLDFAST_STORE: 'redis://redis:6379',
      HOLDFAST_BELT: 's3://flags-copies/production',
      GRIP_URL: 'https://api.fastly.com/service/ID?key=TOKEN&verify-iss=fastly:ID',
    };
    const settingsOf = (file: string) => ({
      NODE_ENV: 'production',
      ...Object.fromEntries(
        variablesOf(rendered(file)).map(({ name, value }) => [
          name,
          value ?? references[name] ?? 'f'.repeat(64),
        ]),
      ),
    });
    expect(readBeltServerSettings(settingsOf('belt.yaml')).warnings).toEqual([]);
    for (const file of CASES.filter((each) => each !== 'belt.yaml')) {
      expect([file, readNodeSettings(settingsOf(file)).warnings]).toEqual([file, []]);
    }
  });

  it('the chart gives nodes the sign-in of its values, in their order, and the secret by reference', () => {
    const env = variablesOf(rendered('sign-in.yaml'));
    const given = Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'f'.repeat(64)]));
    const settings = readNodeSettings({
      ...given,
      HOLDFAST_STORE: 'redis://redis:6379',
      HOLDFAST_BELT: 'file:copies',
    });
    expect(settings).toMatchObject({
      consoleUrl: 'https://flags.example.com',
      oidcIssuer: 'https://login.example.com/realms/main',
      oidcClientId: 'holdfast',
      oidcRoles: [
        { value: 'flags-admins', role: 'admin', environments: 'all' },
        { value: 'CN=Flags, OU=Web', role: 'editor', environments: ['staging', '17'] },
        { value: '*', role: 'viewer', environments: 'all' },
      ],
      oidcRolesClaim: 'groups',
      oidcSessionMinutes: 480,
    });
    expect(env).toContainEqual({
      name: 'HOLDFAST_OIDC_CLIENT_SECRET',
      valueFrom: { secretKeyRef: { name: 'holdfast-oidc', key: 'client-secret' } },
    });
  });

  it('the chart has a value or secretEnv for every setting of OpenID Connect', () => {
    const names = Object.values<{ readonly name: string }>(options).map(({ name }) => name);
    const set = ['oidc.nameClaim=email', 'oidc.label=Company'];
    const given = variablesOf(rendered('sign-in.yaml', ...set)).map(({ name }) => name);
    expect(given.filter((name) => name.startsWith('HOLDFAST_OIDC_')).sort()).toEqual(
      names.filter((name) => name.startsWith('HOLDFAST_OIDC_')).sort(),
    );
  });

  it('the chart refuses as a plain value every setting that is a secret', () => {
    const { definitions } = JSON.parse(read('charts/holdfast/values.schema.json')) as {
      definitions: { secretSettings: { enum: string[] } };
    };
    expect([...definitions.secretSettings.enum].sort()).toEqual([...SECRETS].sort());
  });

  it('the chart gives each pool of Pushpins its place and its budget, and one name to nodes', () => {
    const manifests = rendered('pools.yaml');
    const find = (kind: string, name: string) =>
      manifests.find((each) => each.kind === kind && each.metadata.name === name)?.spec;
    const pools = ['flags-holdfast-pushpin', 'flags-holdfast-pushpin-spot', 'flags-holdfast-pushpin-arm'];
    const shown = pools.map((name) => {
      const { replicas, template } = find('StatefulSet', name) as {
        replicas: number;
        template: { spec: { nodeSelector: object; terminationGracePeriodSeconds: number } };
      };
      const { maxUnavailable, minAvailable } = find('PodDisruptionBudget', name) as Record<string, unknown>;
      const { nodeSelector, terminationGracePeriodSeconds } = template.spec;
      return [replicas, nodeSelector, terminationGracePeriodSeconds, maxUnavailable, minAvailable];
    });
    expect(shown).toEqual([
      [3, { pool: 'streams' }, 60, 1, undefined],
      [2, { pool: 'streams-spot' }, 30, 1, undefined],
      // What the pool leaves out is as of the first.
      [3, { 'kubernetes.io/arch': 'arm64' }, 60, undefined, 2],
    ]);
    for (const service of ['flags-holdfast-publish', 'flags-holdfast-pushpin']) {
      const { selector } = find('Service', service) as { selector: Selector };
      const reached = workloadsOf(manifests).filter(({ labels }) => isSelected(labels, selector));
      expect([service, reached.map(({ name }) => name)]).toEqual([service, pools]);
    }
  });

  it('the chart shows browsers the console and administration, and no metrics', () => {
    const ingress = rendered('sign-in.yaml').find(({ metadata }) => metadata.name.endsWith('-console'));
    const [rule] = ingress?.spec?.rules as {
      host: string;
      http: { paths: { path: string; pathType: string }[] };
    }[];
    expect(rule?.host).toBe('flags.example.com');
    expect(rule?.http.paths.map(({ path, pathType }) => `${pathType} ${path}`)).toEqual([
      'Exact /',
      'Prefix /console',
      'Prefix /admin',
    ]);
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
    ['a misspelt value', 'redis.yaml', 'nodes.replica=3', 'replica'],
    [
      'a data directory as the store of several nodes',
      'redis.yaml',
      'store.url=file:./data',
      'store.url|store/url',
    ],
    ['no store', 'redis.yaml', 'redis.enabled=false', 'Give store.existingSecret or store.url'],
    ['a belt server without a bucket', 'redis.yaml', 'beltServer.enabled=true', 'Give beltServer.sources'],
    ['an ingress without hosts', 'redis.yaml', 'ingress.enabled=true', 'Give ingress.hosts'],
    ['a secret as a plain value', 'redis.yaml', 'nodes.env.HOLDFAST_BELT=s3://a', 'HOLDFAST_BELT'],
    [
      'a setting in env that another value sets',
      'redis.yaml',
      'nodes.env.HOLDFAST_DRAIN=5',
      'HOLDFAST_DRAIN is set by nodes.drainSeconds',
    ],
    [
      'a setting of the issuer in env',
      'sign-in.yaml',
      'nodes.env.HOLDFAST_OIDC_ROLES=a=admin',
      'HOLDFAST_OIDC_ROLES is set by oidc',
    ],
    ['an issuer without roles', 'sign-in.yaml', 'oidc.roles=null', 'Give oidc.roles'],
    ['an issuer without a console', 'sign-in.yaml', 'console.url=', 'Give console.url'],
    [
      'a console that the network policy closes',
      'sign-in.yaml',
      'networkPolicy.operators=null',
      'controller of console.ingress',
    ],
    [
      'metrics that the network policy closes',
      'external.yaml',
      'networkPolicy.operators=null',
      'must name Prometheus',
    ],
    ['a pool without a name', 'pools.yaml', 'pushpin.pools[0].name=null', 'name'],
    ['a second pool named main', 'pools.yaml', 'pushpin.pools[0].name=main', 'name'],
    ['two pools of one name', 'pools.yaml', 'pushpin.pools[0].name=arm', 'arm is twice'],
  ])('the chart refuses %s, and names it', (_, file, set, problem) => {
    expect(() => rendered(file, set)).toThrow(new RegExp(problem));
  });
});
