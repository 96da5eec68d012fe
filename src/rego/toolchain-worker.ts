import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hrtime } from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { brotliDecompressSync } from 'node:zlib';
import { capMemory } from './memory-cap.ts';
import { runWasi } from './wasi-host.ts';

/** What the worker is started with. */
export interface ToolchainWorkerData {
  /** Path of `toolchain.wasm.br`. */
  readonly file: string;
  readonly compressedSha256: string;
  readonly maxMemoryBytes: number;
}

/** One request's way back, and the start's: the program's answer, or why there is none. */
export type ToolchainReply =
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'failure'; readonly reason: string };

/** Said now and then while a request is worked on. */
export interface ToolchainWork {
  readonly kind: 'working';
  /** What the request has taken so far. */
  readonly cpuMs: number;
}

/** The program has 40 MB, and each piece of the usual 16 KB is allocated for itself. */
const IN_LARGE_PIECES = { chunkSize: 8 * 1024 * 1024 };

// This file is the thread that process-worker.ts starts; it is imported by nobody
// but for its types. Every request runs in a fresh instance, so that nothing of
// one bundle is left for the next.
const port = parentPort;
if (port !== null) {
  const data = workerData as ToolchainWorkerData;
  const module = load(data);
  port.on('message', (request: string) => {
    port.postMessage(answer(module, request, data.maxMemoryBytes));
  });
  port.postMessage({ kind: 'answer', text: 'ready' } satisfies ToolchainReply);
}

function load(data: ToolchainWorkerData): WebAssembly.Module {
  const compressed = readFileSync(data.file);
  if (createHash('sha256').update(compressed).digest('hex') !== data.compressedSha256) {
    throw new Error(`${data.file} is damaged: its hash is not the one in toolchain.json`);
  }
  return new WebAssembly.Module(capMemory(brotliDecompressSync(compressed, IN_LARGE_PIECES), data.maxMemoryBytes));
}

/**
 * Go is told to collect garbage late, because most requests end before it would
 * pay, but in time to stay below the hard limit of the memory.
 */
function answer(module: WebAssembly.Module, request: string, maxMemoryBytes: number): ToolchainReply {
  try {
    const result = runWasi(module, {
      stdin: Buffer.from(request, 'utf8'),
      environment: ['GOGC=400', `GOMEMLIMIT=${Math.floor(maxMemoryBytes * 0.75)}`],
      realtimeNs: () => BigInt(new Date().getTime()) * 1_000_000n,
      monotonicNs: () => hrtime.bigint(),
    });
    if (result.exitCode === 0) return { kind: 'answer', text: result.stdout };
    return { kind: 'failure', reason: firstLine(result.stderr) };
  } catch (thrown) {
    return { kind: 'failure', reason: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** Go prints its reason first and the stacks of all goroutines after it. */
function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]?.slice(0, 300) ?? '';
}
