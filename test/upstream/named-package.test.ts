import { expect, test } from 'vitest';
import { namedPackage } from '../../src/upstream/named-package.ts';

test.for<[string, string | undefined]>([
  ['npx -y @modelcontextprotocol/server-memory', 'npm @modelcontextprotocol/server-memory ?'],
  ['npx -y @playwright/mcp@0.0.83 --headless', 'npm @playwright/mcp 0.0.83'],
  ['npx.cmd @playwright/mcp@latest', 'npm @playwright/mcp ?'],
  ['npx -y -p @scope/tools@1.2.3 server', 'npm @scope/tools 1.2.3'],
  ['npx --registry=https://r.example server', undefined],
  ['npx -y ./folder', undefined],
  ['bunx mcp-server@1.0.0', 'npm mcp-server 1.0.0'],
  ['bun x --bun mcp-server', 'npm mcp-server ?'],
  ['pnpm dlx mcp-server --flag', 'npm mcp-server ?'],
  ['pnpm --package=mcp-server dlx bin', undefined],
  ['pnpm dlx --package=mcp-server bin', 'npm mcp-server ?'],
  ['yarn dlx -p mcp-server bin', 'npm mcp-server ?'],
  ['bunx --registry https://r.example mcp-server', undefined],
  ['uvx mcp-server-git --repository /work', 'pypi mcp-server-git ?'],
  ['/usr/bin/uvx mcp-server-git@2026.10.19', 'pypi mcp-server-git 2026.10.19'],
  ['uvx.exe MCP_Server.Git==2026.10.19', 'pypi mcp-server-git 2026.10.19'],
  ['uvx mcp-server-git@latest', 'pypi mcp-server-git ?'],
  ['uvx mcp-server-git>=2025.1', 'pypi mcp-server-git ?'],
  ['uvx mcp[cli]@1.2.3', 'pypi mcp 1.2.3'],
  ['uvx --with mcp<2 --python 3.12 -q mcp-server-sqlite --db-path a.db', 'pypi mcp-server-sqlite ?'],
  ['uvx --from mcp-server-git==1.0 mcp-git', 'pypi mcp-server-git 1.0'],
  ['uvx --from git+https://host.example/x mcp-server-git', undefined],
  ['uvx --index-url https://i.example mcp-server-git', undefined],
  ['uv tool run mcp-server-time', 'pypi mcp-server-time ?'],
  ['uv run server.py', undefined],
  ['pipx run --spec mcp-server-fetch==1.0.0 fetch', 'pypi mcp-server-fetch 1.0.0'],
  ['pipx run mcp-server-fetch', 'pypi mcp-server-fetch ?'],
  ['python3.12 -u -m mcp_server_fetch --user-agent x', 'pypi mcp-server-fetch ?'],
  ['python server.py -m mcp_server_fetch', undefined],
  ['docker run -i --rm mcp/fetch', 'image mcp/fetch ?'],
  ['docker run --rm -it -e TOKEN -v /a:/b --mount type=bind,src=/a mcp/git:1.2.0 --x', 'image mcp/git 1.2.0'],
  ['docker run --pull=always -p8080:80 docker.io/mcp/time:latest', 'image mcp/time ?'],
  ['podman run -i ghcr.io/github/github-mcp-server@sha256:0a1b', 'image ghcr.io/github/github-mcp-server ?'],
  ['docker container run -i localhost:5000/mcp/git:2.0', 'image localhost:5000/mcp/git 2.0'],
  ['docker compose up', undefined],
  ['docker run', undefined],
  ['node server.js', undefined],
  ['sh -c npx', undefined],
  ['mcp-server-git', undefined],
])('`%s` names %s', ([line, expected]) => {
  const [command = '', ...args] = line.split(' ');
  const found = namedPackage({ command, args });
  expect(found && `${found.kind} ${found.name} ${found.version === '' ? '?' : found.version}`).toBe(expected);
});
