import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { INPUT_SCHEMA, readLibrary } from '../app/bundles.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { CommandContext } from './context.ts';
import { printJson, printLine } from './terminal.ts';
import { VERSION } from './version.ts';

export interface VendorOptions {
  readonly json?: boolean;
}

/** Gateways read nothing below a folder of this name. */
const FOLDER = 'vendor';

/** Writes the library and the schema of the input beside a bundle, for OPA, Regal and editors. */
export function vendor(context: CommandContext, path: string, { json }: VendorOptions): void {
  const { terminal, environment } = context;
  const folder = resolve(environment.workingFolder, path, FOLDER);
  const files = vendoredFiles();
  try {
    // What an older gateway wrote and this one does not have would be read as well.
    for (const part of ['gateway', 'schemas']) rmSync(join(folder, part), { recursive: true, force: true });
    for (const [file, text] of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
  } catch (cause) {
    throw new GatewayError('USAGE', `${folder} cannot be written: ${messageOf(cause)}`, { cause });
  }
  const names = [...files.keys()].map((file) => `${FOLDER}/${file}`);
  if (json === true) return printJson(terminal, 'bundle-vendor', { path, files: names });
  for (const name of names) printLine(terminal, name);
  return printLine(
    terminal,
    `Now opa can check it: opa check --strict --schema ${join(path, FOLDER, 'schemas/input.json')} ${path}`,
  );
}

function vendoredFiles(): ReadonlyMap<string, string> {
  const library = Object.entries(readLibrary()).map(([file, text]) => [`gateway/v1/${file}`, text] as const);
  return new Map([...library, ['schemas/input.json', inLines(INPUT_SCHEMA)], ['README.md', README]]);
}

function inLines(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

const README = `# For editors and plain OPA

Written by \`mcp-gateway bundle vendor\` (mcp-gateway ${VERSION}); do not edit. Gateways do not read this folder.

- \`gateway/v1/\`: the library \`data.gateway.v1\`, which gateways link in themselves.
- \`schemas/input.json\`: JSON Schema of what a rule reads as \`input\`.
`;
