/**
 * The container files against what is tested without containers: same topology, same settings, no
 * secret.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readBeltServerSettings } from '../../src/config/belt-server.js';
import { readNodeSettings } from '../../src/config/node.js';
import { nodeEnvironment } from '../support/environment.js';
import { optionOf, shippedConfig } from '../support/pushpin-config.js';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly env_file?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly security_opt?: readonly string[];
  readonly profiles?: readonly string[];
  readonly healthcheck?: object;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly networks:
    readonly string[] | Readonly<Record<string, { readonly aliases?: readonly string[] } | null>>;
}

const root = join(import.meta.dirname, '../..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const composeText = read('docker-compose.yml');
const compose = parse(composeText, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};
const { pushpin, redis, prometheus, grafana, ...nodes } = compose.services;

/** The settings that a person fills in. */
const filledIn = read('.env.example')
  .split('\n')
  .filter((line) => /^\w+=/.test(line))
  .map((line) => line.split('=') as [string, string]);

function networksOf(service: Service | undefined): string[] {
  const networks = service?.networks ?? [];
  return Array.isArray(networks) ? (networks as string[]) : Object.keys(networks);
}

/**
 * Interpolates a value as compose does, given the variables of .env; `$$` is its way to write `$`.
 */
function interpolate(value: string, env: Readonly<Record<string, string>>): string {
  return value.replace(/\$\{(\w+)(:\?[^}]*)?\}/g, (_match, name: string) => env[name] ?? '');
}

/** The variables that the image sets. */
function imageEnvironment(): Record<string, string> {
  const last = read('Dockerfile').split('\nFROM ').at(-1) ?? '';
  return Object.fromEntries(
    [...last.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value] as const),
  );
}

describe('the container files', () => {
  it.each(['docker-compose.yml', 'docker-compose.belt.yml'])(
    'limit the log of each service of %s',
    (name) => {
      const { services } = parse(read(name), { merge: true }) as {
        services: Record<string, { logging?: { driver: string; options: Record<string, string> } }>;
      };
      for (const [service, { logging }] of Object.entries(services)) {
        expect([service, logging]).toEqual([
          service,
          { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
        ]);
      }
    },
  );

  it('the container files name exact versions of images, with the digest where it is known', () => {
    const bases = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    const images = [...bases, redis?.image, pushpin?.image, prometheus?.image, grafana?.image];
    expect(images.length).toBe(7);
    for (const image of images)
      expect(image).toMatch(/^[\w/]+:v?\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/);
    const unknown = [pushpin?.image, prometheus?.image, grafana?.image];
    expect(images.filter((image) => image?.includes('@') !== true)).toEqual(unknown);
  });
});

describe('the image', () => {
  it('the image has the labels of OCI, a numeric user, and is built for both architectures', () => {
    const file = read('Dockerfile');
    for (const label of ['title', 'description', 'licenses', 'version', 'revision', 'base.name']) {
      expect(file).toContain(`org.opencontainers.image.${label}=`);
    }
    expect(file).toMatch(/^USER 1000:1000$/m);
    const [, base] = /base\.name="docker\.io\/library\/([^"]+)"/.exec(file) ?? [];
    expect(file).toMatch(new RegExp(`^FROM ${base}@sha256:`, 'm'));
    const bake = read('docker-bake.hcl');
    expect(bake).toContain('["linux/amd64", "linux/arm64"]');
    const given = [...file.matchAll(/^ARG (\w+)/gm)].map(([, name]) => name);
    for (const name of given) expect(bake).toContain(`${name} = ${name}`);
  });
});

describe('docker-compose.yml', () => {
  it('docker-compose.yml has two nodes, one Pushpin and one Redis, as the stack has', () => {
    expect(Object.keys(nodes)).toEqual(['holdfast-1', 'holdfast-2']);
    expect(pushpin?.image).toMatch(/^fanout\/pushpin:1\.41\./);
    expect(redis?.image).toMatch(/^redis:7\./);
  });

  it('gives each node the settings that the nodes of the stack have', () => {
    const secrets = { adminToken: 'a', secret: 'b', gripKey: 'c' };
    const stack = nodeEnvironment(
      secrets,
      'redis://redis:6379',
      ['http://pushpin:5561'],
      ['http://pushpin:7999'],
    );
    for (const node of Object.values(nodes)) {
      expect(node.env_file).toBe('.env');
      const names = [...Object.keys(node.environment ?? {}), ...filledIn.map(([name]) => name)];
      expect(names.sort()).toEqual(['PORT', 'HOLDFAST_ADMIN_PORT', ...Object.keys(stack)].sort());
      const grip = interpolate(node.environment?.GRIP_URL ?? '', { GRIP_VERIFY_KEY: 'c' });
      expect(grip).toBe(stack.GRIP_URL);
      expect(node.environment?.HOLDFAST_CANARY).toBe(stack.HOLDFAST_CANARY);
      expect(node.environment?.HOLDFAST_STORE).toBe(stack.HOLDFAST_STORE);
    }
  });

  it('starts in production once .env is filled in as it says', () => {
    const env = Object.fromEntries(filledIn.map(([name]) => [name, 'f'.repeat(64)]));
    const given = nodes['holdfast-1']?.environment ?? {};
    const own = Object.entries(given).map(([name, value]) => [name, interpolate(value, env)]);
    const settings = readNodeSettings({ ...imageEnvironment(), ...env, ...Object.fromEntries(own) });
    expect(settings).toMatchObject({ production: true, host: '0.0.0.0', port: 8080, adminPort: 8081 });
    expect(settings.warnings).toEqual([]);
    expect(settings.gripUrls).toHaveLength(1);
  });

  it('uses no variable that .env.example does not have', () => {
    const used = [...composeText.matchAll(/(?<!\$)\$\{?(\w+)/g)].map(([, name]) => name);
    const known = filledIn.map(([name]) => name);
    expect(used.filter((name) => !known.includes(name!))).toEqual([]);
    expect(used).not.toEqual([]);
  });

  it('contains no secret, and .env.example has no values', () => {
    expect(filledIn.filter(([, value]) => value !== '')).toEqual([]);
    expect(composeText.replaceAll(/@sha256:[0-9a-f]{64}/g, '')).not.toMatch(/[0-9a-f]{32}/);
  });

  it('mounts configuration that exists, where Pushpin looks for it', () => {
    const mounts = (pushpin?.volumes ?? []).map((volume) => volume.split(':'));
    expect(mounts.map(([, target]) => target)).toEqual(['/etc/pushpin/pushpin.conf', '/etc/pushpin/routes']);
    for (const [source, , mode] of mounts) {
      expect(existsSync(join(root, source!))).toBe(true);
      expect(mode).toBe('ro');
    }
  });

  it('writes the key to the file that pushpin.conf names', () => {
    const file = optionOf(shippedConfig(), 'proxy.sig_key')?.replace('file:', '');
    expect(pushpin?.command?.join('\n')).toContain(`> ${file ?? 'nowhere'}\n`);
  });

  it('routes to a name that both nodes share with Pushpin, on the port that they listen on', () => {
    const targets = [...read('pushpin/routes').matchAll(/^\*,path_beg=\S+ (\S+)$/gm)].map(
      ([, target]) => target,
    );
    expect(new Set(targets).size).toBe(1);
    const [name, port] = targets[0]?.split(':') ?? [];
    for (const node of Object.values(nodes)) {
      expect(node.networks).toMatchObject({ grip: { aliases: [name] } });
      expect(node.environment?.PORT).toBe(port);
    }
    expect(networksOf(pushpin)).toContain('grip');
  });

  it('Prometheus reads metrics at the port of operators of each node', () => {
    const prometheus = parse(read('observability/prometheus/prometheus.yml')) as {
      scrape_configs: { job_name: string; dns_sd_configs: { port: number }[] }[];
    };
    const job = prometheus.scrape_configs.find(({ job_name }) => job_name === 'holdfast');
    expect(job?.dns_sd_configs[0]?.port).toBe(Number(nodes['holdfast-1']?.environment?.HOLDFAST_ADMIN_PORT));
  });

  it('keeps the store out of reach of the proxy, and lets in only clients and the administrator', () => {
    expect(networksOf(redis)).toEqual(['store']);
    expect(networksOf(pushpin)).toEqual(['grip']);
    const ports = Object.entries(compose.services).map(([name, service]) => [name, service.ports ?? []]);
    expect(Object.fromEntries(ports)).toEqual({
      // To the port of operators.
      'holdfast-1': ['127.0.0.1:8080:8081'],
      'holdfast-2': [],
      pushpin: ['7999:7999'],
      redis: [],
      prometheus: [],
      grafana: ['127.0.0.1:3000:3000'],
    });
  });

  it.each(Object.keys(compose.services))('hardens and restarts %s', (name) => {
    const service = compose.services[name];
    expect(service?.read_only).toBe(true);
    expect(service?.security_opt).toEqual(['no-new-privileges:true']);
    expect(service?.restart).toBe('unless-stopped');
  });

  it('checks the health of everything, and waits for it in the order store, nodes, proxy', () => {
    expect(redis?.healthcheck).toBeDefined();
    expect(pushpin?.healthcheck).toBeDefined();
    expect(read('Dockerfile')).toMatch(/^HEALTHCHECK .* CMD \["node", "dist\/main.js", "health"\]$/m);
    const healthy = { condition: 'service_healthy' };
    for (const node of Object.values(nodes)) expect(node.depends_on).toEqual({ redis: healthy });
    expect(pushpin?.depends_on).toEqual({ 'holdfast-1': healthy, 'holdfast-2': healthy });
  });

  it('docker-compose.yml starts Prometheus and Grafana only with the profile observability', () => {
    for (const service of [prometheus, grafana]) expect(service?.profiles).toEqual(['observability']);
    for (const [name, service] of Object.entries({ pushpin, redis, ...nodes })) {
      expect([name, service?.profiles]).toEqual([name, undefined]);
    }
  });

  it('docker-compose.yml mounts files for Prometheus and Grafana that exist', () => {
    const mounts = [prometheus, grafana].flatMap((service) => service?.volumes ?? []);
    const sources = mounts
      .map((mount) => mount.split(':')[0] ?? '')
      .filter((source) => source.startsWith('.'));
    expect(sources).toHaveLength(4);
    for (const source of sources) expect([source, existsSync(join(root, source))]).toEqual([source, true]);
  });

  it('keeps the data of Redis in a volume, appended to at each change', () => {
    expect(redis?.command).toEqual(expect.arrayContaining(['--appendonly', 'yes']));
    expect(redis?.volumes).toEqual(['redis-data:/data']);
  });
});

describe('the images', () => {
  const dockerfile = read('Dockerfile');
  const stages = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!);
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

  it('the images have pinned tags', () => {
    const images = [
      ...stages,
      ...Object.values(compose.services).flatMap(({ image, build }) => (build ? [] : [image])),
    ];
    for (const image of images) expect(image).toMatch(/:v?\d/);
  });

  it('the images leave what only compiling needs in a stage of its own', () => {
    expect(stages.length).toBeGreaterThan(1);
    expect(dockerfile).toMatch(/npm ci --omit=dev/);
    expect(last).not.toMatch(/npm (ci|run|install)/);
  });

  it('the images do not run as root', () => {
    const [, user] = /^USER (\S+)/m.exec(last) ?? [];
    expect(user).toBe('1000:1000');
    expect(last.indexOf('\nUSER')).toBeLessThan(last.indexOf('\nENTRYPOINT'));
  });

  it('the images start the server itself, so that it gets SIGTERM', () => {
    expect(last).toMatch(/^ENTRYPOINT \["node", "dist\/main\.js"\]$/m);
  });

  it('contain what the Dockerfile copies and nothing else of the folder', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, names]) =>
      names!.split(' '),
    );
    expect([...new Set(copied)].map((name) => name.replace('./', '')).sort()).toEqual([...allowed].sort());
    for (const name of allowed) expect(existsSync(join(root, name))).toBe(true);
  });
});

describe('docker-compose.belt.yml', () => {
  const belt = parse(read('docker-compose.belt.yml')) as typeof compose;
  const service = belt.services.belt;

  it('docker-compose.belt.yml has one belt server, from what a person gives, with a cache on a volume', () => {
    expect(Object.keys(belt.services)).toEqual(['belt']);
    const given = { HOLDFAST_SOURCE: 'https://copies.example.com/flags' };
    const env = Object.entries(service?.environment ?? {}).map(([name, value]) => [
      name,
      value.replace(
        /\$\{(\w+)(:[?-][^}]*)?\}/g,
        (_match, each: string) => (given as Record<string, string>)[each] ?? '',
      ),
    ]);
    const own = Object.fromEntries(env) as Record<string, string>;
    const settings = readBeltServerSettings({ ...imageEnvironment(), ...own });
    expect(settings).toMatchObject({ sources: [given.HOLDFAST_SOURCE], warnings: [] });
    const [volume] = (service?.volumes?.[0] ?? '').split(':').slice(-1);
    expect(settings.cacheDirectory?.startsWith(`${volume}/`)).toBe(true);
  });

  it('runs with as little as the nodes do', () => {
    expect(service).toMatchObject({
      build: '.',
      restart: 'unless-stopped',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });
});
