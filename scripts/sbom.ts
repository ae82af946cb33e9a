/**
 * `npm run sbom -- FOLDER`: the bill of materials (CycloneDX) of an installation of the package in a folder, on standard output. npm lists
 * what is installed; the packages whose code is in the files of the console come from package-lock.json.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { bundledNotices, type Notice } from './notices.js';

/** A part of an installation, in the form of CycloneDX. */
export interface BillComponent {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses?: readonly object[];
  readonly [field: string]: unknown;
}

/** A bill of materials, as far as it is looked at here. */
export interface Bill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly BillComponent[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  readonly [field: string]: unknown;
}

/**
 * Makes the bill of materials of an installation.
 *
 * @param installation a folder in which the package was installed by npm
 * @param root the folder of package-lock.json, node_modules and console
 */
export function billOfMaterials(installation: string, root: string): Bill {
  const text = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx'], {
    cwd: installation,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return withConsole(JSON.parse(text) as Bill, bundledNotices(root));
}

/** Adds the packages in the files of the console, which depend on no other that is installed. */
export function withConsole(bill: Bill, bundled: readonly Notice[]): Bill {
  const known = new Set(bill.components.map((component) => component['bom-ref']));
  const added = bundled.map(componentOf).filter((component) => !known.has(component['bom-ref']));
  const refs = added.map((component) => component['bom-ref']);
  const holdfast = bill.components.find(({ name }) => name === 'holdfast')?.['bom-ref'];
  if (holdfast === undefined)
    throw new Error('The bill of materials has no holdfast: is it installed there?');
  return {
    ...bill,
    components: [...bill.components, ...added],
    dependencies: [
      ...bill.dependencies.map(({ ref, dependsOn = [] }) => ({
        ref,
        dependsOn: ref === holdfast ? [...dependsOn, ...refs] : dependsOn,
      })),
      ...refs.map((ref) => ({ ref, dependsOn: [] })),
    ],
  };
}

function componentOf({ name, version, licence }: Notice): BillComponent {
  return {
    'bom-ref': `${name}@${version}`,
    type: 'library',
    name,
    version,
    scope: 'required',
    purl: `pkg:npm/${name.replace(/^@/, '%40')}@${version}`,
    properties: [{ name: 'holdfast:bundledIn', value: 'dist/console' }],
    licenses: [{ license: { id: licence } }],
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , installation] = process.argv;
  if (installation === undefined) {
    console.error('Give the folder in which Holdfast was installed: npm run sbom -- FOLDER');
    process.exit(2);
  }
  const bill = billOfMaterials(installation, join(import.meta.dirname, '..'));
  process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`);
}
