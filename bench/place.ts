import { fileURLToPath } from 'node:url';

/** The root of the repository, with a final slash. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url));
export const BENCH = `${ROOT}bench/`;
/** Where the benchmark keeps its configurations, databases and logs; git ignores it. Same disk as a gateway's home. */
export const WORK = `${ROOT}.mcp-gateway/bench/`;
/** Compiled policies, kept between starts that shall be warm. */
export const WARM_CACHE = `${WORK}cache`;

export const UPSTREAM = `${BENCH}upstream.mjs`;
/** Built by `build.ts`. */
export const RECORDING_FLOOR = `${ROOT}bench-built/recording-floor.js`;
