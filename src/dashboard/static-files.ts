import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Handler } from 'hono';
import type { Env } from './guard.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** The names of these have a hash of what is in them. */
const NEVER_CHANGES = 'public, max-age=31536000, immutable';

/**
 * The built pages in a folder. Only files that lie there are named, so no path leads out of it. Every other address is
 * the one page, which finds its way itself.
 */
export function staticFiles(folder: string): Handler<Env> {
  let known: Promise<ReadonlyMap<string, string>> | undefined;
  return async (context) => {
    const files = await (known ??= filesIn(folder));
    if (!files.has('/index.html')) known = undefined;
    const path = decoded(context.req.path);
    const file = files.get(path) ?? (extname(path) === '' ? files.get('/index.html') : undefined);
    if (file === undefined && extname(path) !== '') return context.text('There is no such file.\n', 404);
    if (file === undefined) return context.html(NOT_BUILT, 503, { 'cache-control': 'no-store' });
    const isHashed = path.startsWith('/assets/') && files.has(path);
    return context.body(new Uint8Array(await readFile(file)), 200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'cache-control': isHashed ? NEVER_CHANGES : 'no-cache',
    });
  };
}

/** By the path under which each is asked for. */
async function filesIn(folder: string): Promise<ReadonlyMap<string, string>> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return new Map(
      files.map(({ parentPath, name }) => {
        const file = join(parentPath, name);
        return [file.slice(folder.length).replaceAll('\\', '/').replace(/^\/*/, '/'), file];
      }),
    );
  } catch {
    return new Map();
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const NOT_BUILT = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>mcp-gateway</title></head>
<body>
<h1>The pages of the dashboard are missing</h1>
<p>This installation of mcp-gateway has been made without them. In a checkout, <code>npm run build</code> builds them;
an installed package has them, so install it again. The commands show the same:
<code>mcp-gateway decision ls</code>, <code>mcp-gateway approval ls</code>, <code>mcp-gateway server ls</code>.</p>
</body>
</html>
`;
