import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import type { AtEnd } from './program.ts';

/** What npm sends when somebody publishes a package: its versions, and their archives in base64. */
const Published = z.looseObject({
  name: z.string(),
  versions: z.record(z.string(), z.looseObject({ dist: z.looseObject({ tarball: z.string() }) })),
  _attachments: z.record(z.string(), z.object({ data: z.string() })),
});

/** A registry on this machine that takes what `npm publish` sends and gives it to whoever asks; its address. */
export async function aPublishingRegistry(atEnd: AtEnd): Promise<string> {
  const packages = new Map<string, string>();
  const archives = new Map<string, Buffer>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const path = decodeURIComponent(request.url ?? '');
    if (request.method === 'PUT') {
      const { _attachments: attached, ...published } = Published.parse(JSON.parse(await textOf(request)));
      packages.set(`/${published.name}`, JSON.stringify(published));
      const [archive] = Object.values(attached);
      const [version] = Object.values(published.versions);
      archives.set(new URL(version?.dist.tarball ?? '').pathname, Buffer.from(archive?.data ?? '', 'base64'));
      return response.writeHead(201).end('{}');
    }
    const found = packages.get(path) ?? archives.get(path);
    return found === undefined ? response.writeHead(404).end('{}') : response.end(found);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', () => ready()));
  atEnd(async () => void server.close());
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
