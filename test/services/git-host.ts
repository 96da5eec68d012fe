import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';
import type { Answering } from '../source/a-bundle-service.ts';

export interface GitHostOptions {
  /** Folder of the repositories. */
  readonly root: string;
  /** What has to be shown under `/smart/`; under `/dumb/` nothing has. */
  readonly authorization: string;
}

/** Repositories over HTTP: under `/smart/` through git's own program, under `/dumb/` as plain files. */
export function gitHost({ root, authorization }: GitHostOptions): Answering {
  return (request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    if (url.pathname.startsWith('/dumb/'))
      return sendFile(join(root, normalize(url.pathname.slice('/dumb/'.length))), response);
    if (request.headers.authorization !== authorization)
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="policies"' }).end();
    return runBackend(
      { root, pathInfo: url.pathname.slice('/smart'.length), query: url.search.slice(1) },
      request,
      response,
    );
  };
}

function sendFile(path: string, response: ServerResponse): void {
  try {
    response.end(readFileSync(path));
  } catch {
    response.writeHead(404).end();
  }
}

interface Asked {
  readonly root: string;
  readonly pathInfo: string;
  readonly query: string;
}

/** CGI (RFC 3875), as far as git's program needs it. */
function runBackend({ root, pathInfo, query }: Asked, request: IncomingMessage, response: ServerResponse): void {
  const backend = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathInfo,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
  });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  backend.once('close', () => {
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf('\r\n\r\n');
    const fields = answer
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line) => line.split(': ') as [string, string]);
    const status = Number(fields.find(([name]) => name === 'Status')?.[1].slice(0, 3) ?? 200);
    response.writeHead(status, Object.fromEntries(fields)).end(answer.subarray(end + 4));
  });
}
