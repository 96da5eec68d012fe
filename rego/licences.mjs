// Collects the licences of all that is linked into the program, from the module
// cache. Plain Node, no dependency.
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const [, , folder] = process.argv;
const lines = (name) => readFileSync(join(folder, name), 'utf8').trim().split('\n');
const packages = lines('packages.txt').map((line) => line.split(' '));
const [goVersion, goRoot] = lines('go.txt');
process.stdout.write(licences([...packages, ['Go standard library', goVersion, goRoot, goRoot]]));

/**
 * One section a module. Packages that a module has taken over from elsewhere
 * bring a licence of their own. A module without any must not be shipped.
 */
function licences(packages) {
  const modules = new Map();
  for (const [path, version, root, directory] of packages) {
    const name = `${path} ${version}`;
    modules.set(name, [...(modules.get(name) ?? []), ...licenceFiles(root, root), ...licenceFiles(directory, root)]);
  }
  const sections = [...modules].map(([name, files]) => {
    if (files.length === 0) throw new Error(`${name} has no licence file`);
    const texts = [...new Map(files)].map(([file, text]) => `--- ${file}\n\n${text.trim()}\n`);
    return `${'='.repeat(80)}\n${name}\n\n${texts.join('\n')}`;
  });
  const compiledIn = `${'='.repeat(80)}\nCompiled into OPA's WebAssembly runtime\n\n${readFileSync('licences-of-c.txt', 'utf8')}`;
  return ['The Rego toolchain (toolchain.wasm.br) contains the following modules.\n', ...sections, compiledIn].join(
    '\n',
  );
}

function licenceFiles(directory, root) {
  return readdirSync(directory)
    .filter((name) => /^(licen[cs]e|copying|notice|patents)/i.test(name) && !name.endsWith('.go'))
    .toSorted()
    .map((name) => [relative(root, join(directory, name)), readFileSync(join(directory, name), 'utf8')]);
}
