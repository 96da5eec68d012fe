import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readLibrary, rememberedValidation } from '../../src/app/bundles.ts';
import { keepGeneration } from '../../src/app/generation.ts';
import { type ConfiguredPolicies, Generations } from '../../src/app/generations.ts';
import type { RemoteBundle } from '../../src/app/addresses.ts';
import type { WantedBundle } from '../../src/app/policies.ts';
import { standIn } from '../../src/app/stands.ts';
import type { BundleFeed } from '../../src/core/bundle-feed.ts';
import { GatewayError } from '../../src/core/errors.ts';
import type { LoadedBundle } from '../../src/policy/participant.ts';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { Toolchain } from '../../src/rego/toolchain.ts';
import { Store } from '../../src/state/store.ts';
import { realClock, silent } from '../state/records.ts';
import { denying, until } from './live-policies.ts';

type Built = ReturnType<Toolchain['build']>;

/** The real one, but that what it says of several bundles together can be changed. */
class TrickyToolchain extends Toolchain {
  trick: ((build: () => Built) => Built) | undefined;

  override build(...asked: Parameters<Toolchain['build']>): Built {
    const build = (): Built => super.build(...asked);
    return this.trick === undefined ? build() : this.trick(build);
  }
}

const REMOTE: Omit<RemoteBundle, 'maxAgeMs'> = {
  id: 'hours',
  layer: 'workflow',
  address: { kind: 'http', url: 'https://bundles.example.com/a.tar.gz' },
  refreshMs: 60_000,
  credentials: undefined,
  data: {},
  demand: { kind: 'none' },
};
const EVERYWHERE = { servers: ['*'], agents: ['*'], tools: ['*'] };

/** Bundles whose sources say what they are told to; `change` tells of it. */
class Sources {
  readonly #regos = new Map<string, string | Error>();
  readonly #listeners = new Map<string, () => Promise<void>>();

  change(id: string, rego: string | Error): void {
    this.#regos.set(id, rego);
    void this.#listeners.get(id)?.();
  }

  feedOf({ id }: WantedBundle): BundleFeed {
    return {
      fetch: async () => {
        const rego = this.#regos.get(id) ?? denying('first');
        if (rego instanceof Error) throw rego;
        const manifest = { roots: ['policy'], metadata: { gateway: { contract: 1, layer: 'workflow' } } };
        const files = { '.manifest': JSON.stringify(manifest), 'policy.rego': rego };
        const bytes = Object.entries(files).map(([path, text]) => [path, Buffer.from(text)] as const);
        return { bundle: { source: id, files: new Map(bytes) }, revision: '', confirmedMs: 0 };
      },
      watch: (changed) => void this.#listeners.set(id, changed),
    };
  }
}

async function aScene(origin?: WantedBundle['origin']) {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-together-'));
  const toolchain = new TrickyToolchain({ cacheFolder: join(tmpdir(), 'mcp-gateway-test-cache') });
  const path = join(folder, 'decisions.db');
  const store = await Store.open({ path, home: folder, durability: 'normal', clock: realClock, logger: silent });
  const closing = new AbortController();
  onTestFinished(async () => {
    closing.abort();
    await Promise.all([toolchain.close(), store.close()]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const loader = { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) };
  const configured = (required: ConfiguredPolicies['options']['required'] = []): ConfiguredPolicies => ({
    wanted: ['hours', 'limits'].map((id) => ({
      id,
      layer: 'workflow',
      place: { kind: 'organisation', scope: EVERYWHERE },
      origin: origin ?? { kind: 'path', path: id },
      mode: 'enforce',
      ruleModes: {},
      data: {},
      demand: { kind: 'none' },
    })),
    options: { loader, required, evaluationFuel: 1_000_000, engine: 'native', clock: realClock, logger: silent },
    atomic: [],
    mayRelax: () => true,
  });
  const sources = new Sources();
  const policies: PolicySet[] = [];
  const start = async (): Promise<Generations> => {
    const generations = new Generations(configured(), {
      store: store.generations,
      put: async (policy) => void policies.push(policy),
      feedOf: (wanted) => sources.feedOf(wanted),
      signal: closing.signal,
      everyMs: 20,
    });
    const policy = await generations.begin();
    const kept = { policy, loader, at: realClock.now(), instance: store.instance, why: 'start' };
    await keepGeneration(store.generations, kept);
    policies.push(policy);
    generations.watch();
    return generations;
  };
  const generations = await start();
  const loaded = (): readonly string[] =>
    policies.at(-1)?.participants.flatMap(({ id, loaded: good }) => (good === undefined ? [] : [id])) ?? [];
  return { toolchain, sources, generations, start, policies, configured, loaded };
}

const TOO_OLD = new GatewayError('BUNDLE_STALE', 'it was last confirmed long ago');

test('a bundle that has grown too old decides no more, though what has changed beside it cannot be in force', async () => {
  const { toolchain, sources, generations, policies, loaded } = await aScene();
  expect(loaded()).toEqual(['hours', 'limits']);
  let refused = 0;
  toolchain.trick = (build) => (refused++ === 0 ? Promise.resolve({ kind: 'refused', problems: [] }) : build());
  sources.change('limits', denying('second'));
  sources.change('hours', TOO_OLD);
  await until(() => policies.length > 1);
  expect(loaded()).toEqual(['limits']);
  expect(generations.stale()).toMatchObject([
    { bundle: 'hours', problem: TOO_OLD.message },
    { bundle: 'limits', problem: expect.any(String) },
  ]);
});

test('a configuration that changes while a generation is being made is taken up after it', async () => {
  const { toolchain, sources, generations, policies, configured } = await aScene();
  let reconfigured: Promise<void> | undefined;
  toolchain.trick = (build) => {
    reconfigured ??= generations.reconfigure(configured(['compliance']));
    return build();
  };
  sources.change('limits', denying('second'));
  await until(() => reconfigured !== undefined);
  await reconfigured;
  expect(policies.map(({ required }) => required)).toEqual([[], [], ['compliance']]);
});

test.for([
  { what: 'may not grow too old', maxAgeMs: undefined, inForce: ['hours', 'limits'] },
  { what: 'may, when nobody knows how old it is', maxAgeMs: 3_600_000, inForce: ['limits'] },
])('a bundle that cannot be had at the start and $what: in force are $inForce', async ({ maxAgeMs, inForce }) => {
  const { sources, start, loaded } = await aScene({ kind: 'remote', remote: { ...REMOTE, maxAgeMs } });
  expect(loaded()).toEqual(['hours', 'limits']);
  sources.change('hours', new GatewayError('BUNDLE_UNREADABLE', 'nobody answers'));
  await start();
  expect(loaded()).toEqual(inForce);
});

test('what is in force from another address has no more time than its successor may be old', () => {
  const wanted = { origin: { kind: 'remote', remote: { ...REMOTE, maxAgeMs: 1_000 } } } as WantedBundle;
  const from = (source: string) => ({ bundle: { source } }) as LoadedBundle;
  const [own, other] = [from('https://bundles.example.com/a.tar.gz'), from('https://old.example.com/a.tar.gz')];
  const standing = [own, other].flatMap((inForce) =>
    [1_000, 1_001].map((wantingMs) => standIn(wanted, { inForce, kept: undefined, wantingMs })),
  );
  expect(standing).toEqual([own, own, other, undefined]);
});
