import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Toolchain } from '../src/rego/toolchain.ts';

/**
 * For tests of what uses the toolchain: one for all files of a worker, because its process takes longer to start than to
 * answer. Nobody closes it; idle, it keeps no process alive, and it ends with the worker. Its answers are kept between
 * files and runs, beside those of the gateways that tests start: an answer depends on the question and on the toolchain's
 * program alone, and its name is a digest of both.
 */
export const toolchain = new Toolchain({
  cacheFolder: join(tmpdir(), 'mcp-gateway-test-cache'),
  // For a busy machine; what the limit is for is tested in test/rego.
  limitMs: 60_000,
  idleMs: 60_000,
});
