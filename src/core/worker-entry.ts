import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** What `new Worker(url, { execArgv })` needs to start a file of ours. */
export interface WorkerEntry {
  readonly url: URL;
  readonly execArgv: string[];
}

/**
 * The worker file `name` (without extension) in the folder of `base`, which is
 * the caller's `import.meta.url`.
 *
 * What is installed is JavaScript and starts as it is. In development and in
 * tests the caller is TypeScript, which Node 20 cannot load in a worker, and
 * `--import tsx` takes effect on main threads only; so the worker registers
 * tsx's loader itself before its file is read. The loader is named by its full
 * address, because Node looks for an `--import` from the working folder.
 */
export function workerUrl(name: string, base: string): WorkerEntry {
  if (!base.endsWith('.ts')) {
    return { url: new URL(`./${name}.js`, base), execArgv: [] };
  }
  // Asked for as a `require`, the export `tsx/esm/api` is a file that fails to load.
  const loader = new URL('./esm/api/index.mjs', pathToFileURL(createRequire(base).resolve('tsx'))).href;
  const preload = `import { register } from ${JSON.stringify(loader)}; register();`;
  return {
    url: new URL(`./${name}.ts`, base),
    execArgv: ['--import', `data:text/javascript,${encodeURIComponent(preload)}`],
  };
}
