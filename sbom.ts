import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';

// `npm run sbom`: what the program is made of, as CycloneDX, in dist/sbom.cdx.json. npm knows all packages; of them the
// bill has those that are installed with the program and those that the build put into it, which dist/LICENSES.txt names.

const Component = z.looseObject({
  'bom-ref': z.string(),
  name: z.string(),
  version: z.string(),
  scope: z.string(),
  properties: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
});
type Component = z.output<typeof Component>;

const Bill = z.looseObject({
  serialNumber: z.string(),
  metadata: z.looseObject({ timestamp: z.string(), component: z.looseObject({ 'bom-ref': z.string() }) }),
  components: z.array(Component),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
});
type Bill = z.output<typeof Bill>;

const bundled = bundledPackages();
const installed = new Set(billOf('--omit=dev').components.map((component) => component['bom-ref']));
writeFileSync('dist/sbom.cdx.json', `${JSON.stringify(billOfProgram(billOf()), null, 2)}\n`);

function billOf(...args: readonly string[]): Bill {
  const answer = execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  return Bill.parse(JSON.parse(answer));
}

/** Less the number and the time, so that the same sources make the same bill; npm takes the folder's name for ours. */
function billOfProgram({ serialNumber: _number, metadata: { timestamp: _time, ...metadata }, ...all }: Bill): object {
  const program = { ...metadata.component, type: 'application', name: 'mcp-gateway' };
  const components = all.components.filter((one) => installed.has(one['bom-ref']) || bundled.has(nameOf(one)));
  const refs = new Set([...components.map((one) => one['bom-ref']), program['bom-ref']]);
  const dependencies = all.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  return { ...all, metadata: { ...metadata, component: program }, components: components.map(withPlace), dependencies };
}

/** Says of a bundled package that its code lies in dist/ and not in a folder of its own. */
function withPlace(component: Component): Component {
  if (!bundled.has(nameOf(component))) return component;
  const properties = (component.properties ?? []).filter(({ name }) => name !== 'cdx:npm:package:development');
  return {
    ...component,
    scope: 'required',
    properties: [...properties, { name: 'mcp-gateway:bundledIn', value: 'dist' }],
  };
}

function bundledPackages(): ReadonlySet<string> {
  const headings = readFileSync('dist/LICENSES.txt', 'utf8').matchAll(/^={80}\n(.*)\n/gm);
  return new Set([...headings].map(([, heading = '']) => heading));
}

function nameOf({ name, version }: Component): string {
  return `${name} ${version}`;
}
