// Packs the built module for the package: compresses it, writes its hashes, and
// collects the licences of all that is linked in. Plain Node, no dependency.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const [, , command, wasmFile, folder] = process.argv;
const wasm = readFileSync(wasmFile);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

if (command === 'hash') {
  console.log(sha256(wasm));
} else {
  const lines = (name) => readFileSync(join(folder, name), 'utf8').trim().split('\n');
  const [goVersion, goRoot] = lines('go.txt');
  const compressed = brotliCompressSync(wasm, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length,
    },
  });
  const facts = {
    opa: lines('opa.txt')[0],
    go: goVersion,
    sha256: sha256(wasm),
    bytes: wasm.length,
    compressedSha256: sha256(compressed),
    compressedBytes: compressed.length,
  };
  const modules = lines('modules.txt').map((line) => line.split(' '));
  writeFileSync('LICENSES.txt', licences([...modules, ['Go standard library', goVersion, goRoot]]));
  // Program and description belong together, so they are put in place together.
  writeFileSync('.toolchain.json.new', `${JSON.stringify(facts, null, 2)}\n`);
  writeFileSync('.toolchain.wasm.br.new', compressed);
  renameSync('.toolchain.wasm.br.new', 'toolchain.wasm.br');
  renameSync('.toolchain.json.new', 'toolchain.json');
  console.log(JSON.stringify(facts, null, 2));
}

/** One section a module; a module without a licence file must not be shipped. */
function licences(modules) {
  const sections = modules.map(([path, version, directory]) => {
    const files = readdirSync(directory).filter((name) => /^(licen[cs]e|copying|notice|patents)/i.test(name));
    if (files.length === 0) throw new Error(`${path} ${version} has no licence file`);
    const texts = files
      .toSorted()
      .map((name) => `--- ${name}\n\n${readFileSync(join(directory, name), 'utf8').trim()}\n`);
    return `${'='.repeat(80)}\n${path} ${version}\n\n${texts.join('\n')}`;
  });
  return `The Rego toolchain (toolchain.wasm.br) contains the following modules.\n\n${sections.join('\n')}`;
}
