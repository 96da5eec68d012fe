import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build, type Metafile } from 'esbuild';
import { BUNDLED, THREADS_AND_PROCESSES } from './build-options.ts';

// `npm run build`: src/ and the libraries become a few files in dist/, because Node takes longer to find and read 250
// modules than to run them. What a command does not need lies in files of its own that it does not load.
const OUT = 'dist';

/** What is started by its file name: the program, its threads and processes, and the build's next step. */
const ENTRIES = ['src/main.ts', 'src/cli/precompile.ts', ...THREADS_AND_PROCESSES];

clearFolder();
const { metafile } = await build({
  entryPoints: ENTRIES,
  outdir: OUT,
  ...BUNDLED,
  metafile: true,
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
