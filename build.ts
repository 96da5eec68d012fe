import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build, type Metafile } from 'esbuild';

// `npm run build`: src/ and the libraries become a few files in dist/, because Node takes longer to find and read 250
// modules than to run them. What a command does not need lies in files of its own that it does not load.
const OUT = 'dist';

/** What is started by its file name: the program, its threads and processes, and the build's next step. */
const ENTRIES = [
  'src/main.ts',
  'src/cli/precompile.ts',
  'src/catalog/argument-worker.ts',
  'src/rego/process-worker.ts',
  'src/rego/toolchain-worker.ts',
  'src/state/writer-worker.ts',
];

/**
 * What stays where npm put it: a native part has to, the reference engine shall be OPA's own files, and tar's parts are
 * already one file that does not name them.
 */
const LEFT_OUT = ['better-sqlite3', '@open-policy-agent/opa-wasm', 'tar'];

clearFolder();
const { metafile } = await build({
  entryPoints: ENTRIES,
  outdir: OUT,
  entryNames: '[name]',
  external: LEFT_OUT,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Libraries in CommonJS ask for Node's own modules with `require`, which a module of ours does not have.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module';\nconst require = makeRequire(import.meta.url);",
  },
  metafile: true,
  logLevel: 'warning',
});
writeFileSync(`${OUT}/LICENSES.txt`, licences(packagesIn(metafile)));

/** The names of files change with what is in them. Answers of the compiler are looked after by `precompile.ts`. */
function clearFolder(): void {
  for (const name of foldersAndFiles(OUT)) {
    if (name !== 'compiled') rmSync(`${OUT}/${name}`, { recursive: true });
  }
}

function foldersAndFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Folders of the packages of which something is in the program, sorted. */
function packagesIn({ outputs }: Metafile): readonly string[] {
  const inputs = Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const folders = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []);
  return [...new Set(folders)].toSorted();
}

/** A package without a licence must not be shipped. */
function licences(packages: readonly string[]): string {
  const sections = packages.map((folder) => {
    const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Record<string, string>;
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
    if (files.length === 0) throw new Error(`${name} has no licence file`);
    const texts = files.map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim());
    return `${'='.repeat(80)}\n${name} ${version}\n\n${texts.join('\n\n')}\n`;
  });
  return ['The program (dist/*.js) contains parts of the following packages.\n', ...sections].join('\n');
}
