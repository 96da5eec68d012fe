import { parseArgs } from 'node:util';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { listen } from './upstream/http.ts';
import { createLastingUpstream, Shared } from './upstream/server.ts';

// The server that the conformance suite expects, in both eras: over stdio with `--stdio`, else over Streamable HTTP.
const { values } = parseArgs({
  options: { stdio: { type: 'boolean', default: false }, port: { type: 'string', default: '0' } },
});

if (values.stdio) {
  const shared = new Shared();
  serveStdio(() => createLastingUpstream(shared));
} else {
  const { url } = await listen(Number(values.port));
  // Whoever started it reads the address from this line.
  console.log(url);
}
