// Packs the built module for the package: compresses it and writes its hashes.
// Plain Node, no dependency.
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const [, , command, wasmFile, folder] = process.argv;
const wasm = readFileSync(wasmFile);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

if (command === 'hash') {
  console.log(sha256(wasm));
} else {
  const lines = (name) => readFileSync(join(folder, name), 'utf8').trim().split('\n');
  const [goVersion] = lines('go.txt');
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
  // Program and description belong together, so they are put in place together.
  writeFileSync('.toolchain.json.new', `${JSON.stringify(facts, null, 2)}\n`);
  writeFileSync('.toolchain.wasm.br.new', compressed);
  renameSync('.toolchain.wasm.br.new', 'toolchain.wasm.br');
  renameSync('.toolchain.json.new', 'toolchain.json');
  console.log(JSON.stringify(facts, null, 2));
}
