import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { build as buildPages, type Rolldown } from 'vite';
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
const pages = await buildPages({ configFile: 'dashboard/vite.config.ts' });
writeFileSync(`${OUT}/LICENSES.txt`, licences(packagesOf([...inputsOf(metafile), ...modulesOf(pages)])));

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

/** Files of which something is in the program. */
function inputsOf({ outputs }: Metafile): readonly string[] {
  return Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
}

/** Files of which something is in the pages of the dashboard. */
function modulesOf(built: Awaited<ReturnType<typeof buildPages>>): readonly string[] {
  const outputs = [built].flat().flatMap((one) => ('output' in one ? one.output : []));
  return outputs.flatMap((output: Rolldown.OutputChunk | Rolldown.OutputAsset) =>
    output.type === 'chunk' ? output.moduleIds.map((path) => relative(process.cwd(), path)) : [],
  );
}

/** Folders of the packages that the files are from, sorted. */
function packagesOf(files: readonly string[]): readonly string[] {
  const folders = files.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []);
  return [...new Set(folders)].toSorted();
}

/** A package without a licence must not be shipped. */
function licences(packages: readonly string[]): string {
  const sections = packages.map((folder) => {
    const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Record<string, string>;
    const texts = licenceTexts(folder);
    if (texts.length === 0) throw new Error(`${name} has no licence`);
    return `${'='.repeat(80)}\n${name} ${version}\n\n${texts.join('\n\n')}\n`;
  });
  return ['The program and its pages (dist/) contain parts of the following packages.\n', ...sections].join('\n');
}

/** From files of their own, or from the end of the README, where some packages have it. */
function licenceTexts(folder: string): readonly string[] {
  const names = readdirSync(folder);
  const files = names.filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  if (files.length > 0) return files.map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim());
  const readme = names.find((file) => /^readme/i.test(file));
  const [, text] =
    readme === undefined ? [] : readFileSync(`${folder}/${readme}`, 'utf8').split(/^#+ licen[cs]e\s*$/im);
  return text === undefined ? [] : [text.trim()];
}
