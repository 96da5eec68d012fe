import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Layer } from '../../src/core/opinion.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { BuiltModule, BundleSource, LibraryFiles } from '../../src/core/rego.ts';
import { makeBundle } from '../../src/policy/bundle.ts';
import { readBundle } from '../../src/policy/bundle-files.ts';
import type { Participant, Place } from '../../src/policy/participant.ts';
import { buildRuleBook } from '../../src/policy/rule-book.ts';
import type { Toolchain } from '../../src/rego/toolchain.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const EVERYWHERE = { servers: ['*'], agents: ['*'], tools: ['*'] };

/** The Rego files of the library, without their tests. */
export function libraryFiles(): LibraryFiles {
  const folder = path.join(ROOT, 'policy-bundles/library');
  const names = readdirSync(folder).filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

/** Every bundle of this repository: the starters, the example organisation, the demo servers' own. */
export async function shippedParticipants(toolchain: Toolchain): Promise<readonly Participant[]> {
  const starters = foldersIn('policy-bundles/starter').map((layer) =>
    load(toolchain, `policy-bundles/starter/${layer}`, { id: `starter-${layer}`, place: { kind: 'starter' } }),
  );
  const organisation = foldersIn('policy-bundles/northwind').map((layer) =>
    load(toolchain, `policy-bundles/northwind/${layer}`, {
      id: layer,
      place: { kind: 'organisation', scope: EVERYWHERE },
    }),
  );
  const authors = foldersIn('servers').map((server) =>
    load(toolchain, `servers/${server}/mcp-policy`, { id: server, place: { kind: 'server', server } }),
  );
  return Promise.all([...starters, ...organisation, ...authors]);
}

/** The bundles of the shelf, each as that of the server it is for. */
export async function shelvedParticipants(toolchain: Toolchain): Promise<readonly Participant[]> {
  const folders = foldersIn('policy-bundles/servers');
  return Promise.all(
    folders.map((server) =>
      load(toolchain, `policy-bundles/servers/${server}`, { id: server, place: { kind: 'server', server } }),
    ),
  );
}

/** Less the folder of decision cases, which are about all bundles together. */
function foldersIn(folder: string): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'cases')
    .map(({ name }) => name);
}

async function load(toolchain: Toolchain, folder: string, as: { id: string; place: Place }): Promise<Participant> {
  return participantOf(toolchain, makeBundle(as.id, await readBundle(path.join(ROOT, folder))), as.place);
}

/** A bundle with its rule book, as the gateway loads it. */
async function participantOf(
  toolchain: Toolchain,
  bundle: ReturnType<typeof makeBundle>,
  place: Place,
): Promise<Participant> {
  const files = { ...bundle.modules, ...bundle.tests };
  const { id, root, layer, data } = bundle;
  const inspected = await toolchain.inspect({ bundle: { id, root, files, data }, library: libraryFiles() });
  if (inspected.kind === 'refused') throw new Error(inspected.problems.map(({ message }) => message).join('\n'));
  const { annotations, rules } = inspected.inspection;
  const book = buildRuleBook({
    bundle: id,
    layer,
    annotations: annotations.map((annotation) => ({ ...annotation, custom: jsonOf(annotation.custom) })),
    rules,
  });
  return { id, layer, place, mode: 'enforce', ruleModes: {}, loaded: { bundle, rules: book.rules } };
}

function jsonOf(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}

export interface SmallBundle {
  readonly id: string;
  readonly layer: Layer;
  readonly place?: Place;
  /** Rego below `package <root>`; the root is `policy`. */
  readonly rego: string;
  readonly data?: JsonObject;
  readonly gateway?: JsonObject;
}

/** A bundle from a few lines of Rego, in force everywhere unless a place is given. */
export async function smallParticipant(toolchain: Toolchain, small: SmallBundle): Promise<Participant> {
  const manifest = {
    roots: ['policy'],
    metadata: { gateway: { contract: 1, layer: small.layer, ...small.gateway } },
  };
  const files = {
    '.manifest': JSON.stringify(manifest),
    'policy.rego': `package policy\n\n${small.rego}\n`,
    'data.json': JSON.stringify({ policy: small.data ?? {} }),
  };
  const bytes = new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]));
  const bundle = makeBundle(small.id, { source: small.id, files: bytes });
  return participantOf(toolchain, bundle, small.place ?? { kind: 'organisation', scope: EVERYWHERE });
}

/** What `buildPolicySet` is handed as `compile`. */
export function compilerOf(toolchain: Toolchain): (bundles: readonly BundleSource[]) => Promise<BuiltModule> {
  return async (bundles) => {
    const result = await toolchain.build({ bundles, library: libraryFiles() });
    if (result.kind === 'built') return result.module;
    throw new Error(result.problems.map(({ file, row, message }) => `${file}:${row} ${message}`).join('\n'));
  };
}
