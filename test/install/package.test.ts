import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { makeTarball, type Tarball } from './tarball.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-tarball-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let tarball: Tarball;
beforeAll(() => {
  tarball = makeTarball(folder);
});

const MEGABYTE = 1024 * 1024;

/** All that may be in the package. */
const NEEDED: readonly RegExp[] = [
  /^(package\.json|README\.md|LICENSE)$/,
  // The program, what it starts by name, and what those load.
  /^dist\/(main|(argument|process|reads|toolchain|workbench|writer)-worker)\.js$/,
  /^dist\/[\w.-]+-[A-Z0-9]{8}\.js$/,
  /^dist\/(LICENSES\.txt|sbom\.cdx\.json)$/,
  /^dist\/compiled\/[0-9a-f]{64}\.json$/,
  // The pages of the dashboard.
  /^dist\/dashboard\/[\w./-]+\.(html|js|css|svg|txt)$/,
  /^rego\/(toolchain\.wasm\.br|toolchain\.json|LICENSES\.txt)$/,
  // The tests of a bundle decide whether it may be put in force; those of the library decide nothing.
  /^policy-bundles\/(starter|servers)\/[\w-]+\/(\.manifest|data\.json|\w+\.rego)$/,
  /^policy-bundles\/library\/(?!\w+_test\.rego)\w+\.rego$/,
];

test('nothing is in the package but what is needed', () => {
  expect(tarball.paths.filter((path) => !NEEDED.some((needed) => needed.test(path)))).toEqual([]);
  expect(
    NEEDED.filter((needed) => !/dashboard/.test(needed.source) && !tarball.paths.some((path) => needed.test(path))),
  ).toEqual([]);
});

test('it is as large as its documentation says', () => {
  console.log('package', {
    megabytes: tarball.bytes / MEGABYTE,
    unpacked: tarball.unpackedBytes / MEGABYTE,
    files: tarball.paths.length,
  });
  expect(tarball.bytes).toBeLessThan(8 * MEGABYTE);
});

test('publint finds nothing to mend', () => {
  const publint = resolve('test/install/node_modules/publint/src/cli.js');
  const said = execFileSync(process.execPath, [publint, 'run', tarball.file, '--strict'], { encoding: 'utf8' });
  expect(said).toContain('All good!');
});

const Lock = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional(), hasInstallScript: z.boolean().optional() })),
});

test('of what is installed with it only better-sqlite3 has an install script', () => {
  const { packages } = Lock.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));
  const installed = Object.entries(packages).filter(([, { dev = false }]) => !dev);
  expect(installed.length).toBeGreaterThan(10);
  const scripted = installed.filter(([, { hasInstallScript = false }]) => hasInstallScript);
  expect(scripted.map(([path]) => path)).toEqual(['node_modules/better-sqlite3']);
});

const Sbom = z.object({
  bomFormat: z.literal('CycloneDX'),
  metadata: z.object({ component: z.object({ name: z.literal('mcp-gateway') }) }),
  components: z.array(z.object({ name: z.string(), version: z.string(), purl: z.string().startsWith('pkg:npm/') })),
});

test('every package that is bundled or installed stands in the bill of materials, and the bundled ones with their licences', () => {
  const { components } = Sbom.parse(JSON.parse(readFileSync('dist/sbom.cdx.json', 'utf8')));
  const billed = components.map(({ name, version }) => `${name} ${version}`);
  const licensed = headingsOf('dist/LICENSES.txt');
  expect(licensed).toEqual(
    expect.arrayContaining(BUNDLED_FOR_CERTAIN.map((name) => expect.stringMatching(`^${name} `))),
  );
  expect(licensed.filter((name) => !billed.includes(name))).toEqual([]);
  const { dependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')));
  const installed = Object.entries(dependencies).map((dependency) => dependency.join(' '));
  expect(installed.filter((name) => !billed.includes(name))).toEqual([]);
});

test('what only makes or tests the program is not in the bill', () => {
  const { components } = Sbom.parse(JSON.parse(readFileSync('dist/sbom.cdx.json', 'utf8')));
  const names = components.map(({ name }) => name);
  expect(['vitest', 'typescript', 'oxlint', 'esbuild'].filter((name) => names.includes(name))).toEqual([]);
});

const BUNDLED_FOR_CERTAIN = ['zod', 'yaml', 'commander', 'jose', 'pino', 'ajv'];

function headingsOf(file: string): readonly string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^={80}\n(.*)\n/gm)].map(([, heading = '']) => heading);
}
