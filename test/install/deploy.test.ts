import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { carryOut, copiesOf, readStages, type Stage } from './dockerfile.ts';
import { aHome, environment, type Home, NODES } from './places.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-deploy-'));
const home: Home = aHome();
afterAll(() => {
  for (const each of [folder, home.folder]) rmSync(each, { recursive: true, force: true, maxRetries: 5 });
});

const manifests = parseAllDocuments(readFileSync('deploy/kubernetes.yaml', 'utf8')).map(
  (document) => document.toJS() as { readonly kind: string; readonly apiVersion: string },
);
const ConfigMap = z.object({ data: z.object({ 'mcp-gateway.yaml': z.string() }) });

describe('the image', () => {
  const stages = readStages('deploy/Dockerfile');
  const [build, final] = stages as readonly [Stage, Stage];
  const root = join(folder, 'image');
  const program = join(root, 'opt/mcp-gateway/dist/main.js');

  // The steps of the Dockerfile by hand: no container runs here. In place of `npm install` stands what npm has installed.
  beforeAll(() => {
    const built = join(folder, 'build-stage');
    for (const copy of copiesOf(build)) carryOut(copy, '.', built);
    symlinkSync(resolve('node_modules'), join(built, 'build/node_modules'));
    const cwd = join(built, 'build');
    for (const script of ['build.ts', 'sbom.ts']) execFileSync(process.execPath, ['--import', 'tsx', script], { cwd });
    // Compiled answers are named by what they depend on, so those of this repository are what the build would make.
    cpSync('dist/compiled', join(cwd, 'dist/compiled'), { recursive: true });
    for (const copy of copiesOf(final)) carryOut(copy, copy.from === undefined ? '.' : built, root);
  });

  test('is built from what the ignore file lets through', () => {
    const allowed = readFileSync('deploy/Dockerfile.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    const fromHere = stages
      .flatMap(copiesOf)
      .filter(({ from }) => from === undefined)
      .flatMap(({ sources }) => sources);
    expect(fromHere.length).toBeGreaterThan(5);
    expect(fromHere.toSorted()).toEqual(allowed.map((line) => line.slice(1)).toSorted());
  });

  test('runs as a user of its own on an image of Node that anybody can fetch', () => {
    const wanted = (name: string): readonly string[] =>
      final.instructions.filter((one) => one.name === name).map(({ text }) => text);
    expect(stages.map(({ image }) => image)).toEqual(['${NODE}', '${NODE}']);
    expect(readFileSync('deploy/Dockerfile', 'utf8')).toContain('ARG NODE=node:24-slim\n');
    expect(wanted('USER')).toEqual(['1000:1000']);
    expect(wanted('VOLUME')).toEqual(['/var/lib/mcp-gateway']);
    expect(wanted('ENTRYPOINT')).toEqual(['["mcp-gateway"]']);
    expect(wanted('RUN').join(' ')).toContain('ln -s /opt/mcp-gateway/dist/main.js /usr/local/bin/mcp-gateway');
  });

  test('starts with the configuration of the cluster, and its own check of health and the probes succeed', async () => {
    const configuration = ConfigMap.parse(manifests.find(({ kind }) => kind === 'ConfigMap')).data['mcp-gateway.yaml'];
    const secrets = join(folder, 'secrets');
    mkdirSync(secrets);
    writeFileSync(join(secrets, 'tickets-token'), 'token\n');
    const file = join(folder, 'mcp-gateway.yaml');
    writeFileSync(file, configuration.replaceAll('/run/secrets/mcp-gateway', secrets));
    const node = NODES[24];
    const args = commandOf(final).map((word) =>
      word.endsWith('.yaml') ? file : word.replace('0.0.0.0:3700', '127.0.0.1:0'),
    );
    const gateway = spawn(node, [program, ...args], {
      env: environment(home, { node }),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      const { port } = await listening(gateway.stderr);
      expect(await statusOf(port, '/healthz')).toBe(200);
      await expect.poll(() => statusOf(port, '/readyz'), { timeout: 60_000 }).toBe(200);
      expect(await statusOf(port, '/mcp')).toBe(401);
      execFileSync(
        node,
        checkOf(final)
          .map((word) => word.replace(':3700', `:${port}`))
          .slice(1),
      );
      gateway.kill('SIGTERM');
      expect(await once(gateway, 'exit')).toEqual([0, null]);
    } finally {
      gateway.kill('SIGKILL');
    }
  });
});

/** The arguments in `CMD`. */
function commandOf({ instructions }: Stage): readonly string[] {
  return z.array(z.string()).parse(JSON.parse(instructions.find(({ name }) => name === 'CMD')?.text ?? ''));
}

/** The command in `HEALTHCHECK`. */
function checkOf({ instructions }: Stage): readonly string[] {
  const [, command = ''] =
    /CMD (\[.*)$/.exec(instructions.find(({ name }) => name === 'HEALTHCHECK')?.text ?? '') ?? [];
  return z.array(z.string()).parse(JSON.parse(command));
}

async function listening(stderr: NodeJS.ReadableStream): Promise<{ readonly port: string }> {
  let seen = '';
  for await (const chunk of stderr) {
    seen += String(chunk);
    const port = /"url":"http:\/\/127\.0\.0\.1:(\d+)/.exec(seen)?.[1];
    if (port !== undefined) {
      stderr.resume();
      return { port };
    }
  }
  throw new Error(seen);
}

async function statusOf(port: string, path: string): Promise<number> {
  const method = path === '/mcp' ? 'POST' : 'GET';
  return (await fetch(`http://localhost:${port}${path}`, { method })).status;
}

describe('the unit of systemd', () => {
  const unit = readFileSync('deploy/mcp-gateway.service', 'utf8');
  const file = join(folder, 'mcp-gateway.service');

  // The program is not installed where the unit names it.
  beforeAll(() => writeFileSync(file, unit.replace('/usr/local/bin/mcp-gateway', process.execPath)));

  test('is one that systemd accepts without a word', () => {
    expect(execFileSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })).toBe('');
  });

  test('leaves the gateway little that it could do to the machine', () => {
    const said = execFileSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', file], {
      encoding: 'utf8',
    });
    expect(said).toContain('Overall exposure level');
  });

  test('hands over the secret that the configuration beside it names', () => {
    const [, name = ''] = /^LoadCredential=([^:]+):/m.exec(unit) ?? [];
    expect(readFileSync('deploy/mcp-gateway.yaml', 'utf8')).toContain(
      `\${file:/run/credentials/mcp-gateway.service/${name}}`,
    );
  });
});

describe('the manifest of Kubernetes', () => {
  test('has in it what the API knows and nothing else', () => {
    const lines = manifests.map(({ kind, apiVersion }, place) => {
      const module = apiVersion.includes('/') ? apiVersion.replace('.k8s.io', '') : `core/${apiVersion}`;
      return `import type { ${kind} as Kind${place} } from 'kubernetes-types/${module}';\nexport const m${place}: Kind${place} = ${JSON.stringify(manifests[place])};`;
    });
    const file = join(resolve('test/install/node_modules'), 'manifest-of-a-test.ts');
    writeFileSync(file, lines.join('\n'));
    const compiler = resolve('node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--ignoreConfig', '--skipLibCheck', '--types', ''];
    const { stdout } = spawnSync(process.execPath, [compiler, ...options, file], { encoding: 'utf8' });
    rmSync(file);
    expect(stdout).toBe('');
    expect(manifests.map(({ kind }) => kind)).toEqual([
      'Namespace',
      'ConfigMap',
      'Secret',
      'PersistentVolumeClaim',
      'Deployment',
      'Service',
      'NetworkPolicy',
    ]);
  });

  test('the configuration names the secret that is mounted', () => {
    const { stringData } = z
      .object({ stringData: z.record(z.string(), z.string()) })
      .parse(manifests.find(({ kind }) => kind === 'Secret'));
    const configuration = ConfigMap.parse(manifests.find(({ kind }) => kind === 'ConfigMap')).data['mcp-gateway.yaml'];
    const named = [...configuration.matchAll(/\$\{file:\/run\/secrets\/mcp-gateway\/([^}]+)\}/g)].map(
      ([, name]) => name,
    );
    expect(named).toEqual(Object.keys(stringData));
    expect(parse(configuration)).toMatchObject({ version: 1 });
  });

  test('nothing in the container is root, and only the volumes can be written', () => {
    const deployment = manifests.find(({ kind }) => kind === 'Deployment');
    expect(deployment).toMatchObject({
      spec: {
        template: {
          spec: {
            securityContext: { runAsNonRoot: true, runAsUser: 1000 },
            containers: [
              {
                livenessProbe: { httpGet: { path: '/healthz' } },
                readinessProbe: { httpGet: { path: '/readyz' } },
                securityContext: {
                  readOnlyRootFilesystem: true,
                  allowPrivilegeEscalation: false,
                  capabilities: { drop: ['ALL'] },
                },
              },
            ],
          },
        },
      },
    });
  });
});
