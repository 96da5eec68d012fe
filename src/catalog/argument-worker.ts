import { parentPort } from 'node:worker_threads';
import type { JsonObject } from '../core/json.ts';
import { sharedSchemaCompiler, type Misfit, type Validate } from './compile-schema.ts';
import type { Dialect } from './schema-scan.ts';

/** One request at a time; the answer to each is one message. */
export type WorkerRequest =
  | {
      readonly kind: 'compile';
      readonly id: number;
      readonly schema: JsonObject;
      readonly dialects: readonly Dialect[];
    }
  | { readonly kind: 'validate'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'forget'; readonly id: number };

/** Without misfits: there is no such schema here, or none that can be compiled. */
export interface WorkerAnswer {
  readonly misfits: readonly Misfit[] | undefined;
}

const compiler = sharedSchemaCompiler();
const compiled = new Map<number, Validate>();

/** Makes the compiler look into its meta-schema. */
const UNUSUAL: JsonObject = { title: '' };

// The first schema of each dialect takes as long as its meta-schema; that is not the tool's fault, so it is done before.
compiler.compile(UNUSUAL, ['2020-12']);
compiler.compile(UNUSUAL, ['draft-07']);

parentPort?.on('message', (request: WorkerRequest) => parentPort?.postMessage({ misfits: answerTo(request) }, []));
parentPort?.postMessage({ misfits: [] }, []);

function answerTo(request: WorkerRequest): readonly Misfit[] | undefined {
  if (request.kind === 'validate') return compiled.get(request.id)?.(request.value);
  compiled.delete(request.id);
  if (request.kind === 'forget') return [];
  const validate = compiler.compile(request.schema, request.dialects);
  if (validate === undefined) return undefined;
  compiled.set(request.id, validate);
  return [];
}
