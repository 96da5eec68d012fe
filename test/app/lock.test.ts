import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LockInForce } from '../../src/app/lock.ts';
import type { FoundServer } from '../../src/app/servers.ts';
import { writeLock } from '../../src/config/lock-file.ts';
import { McpServer } from '../../src/config/schema-servers.ts';
import type { LockedServer } from '../../src/core/server-lock.ts';
import type { BundleSignature } from '../../src/core/signature.ts';
import { makeBundle } from '../../src/policy/bundle.ts';
import { PolicySet } from '../../src/policy/policy-set.ts';
import { bundleFiles } from '../policy/archives.ts';
import { aFolder } from '../state/support.ts';
import { aClock, aLogger, fixture, serverId } from '../upstream/parts.ts';

const [COMMAND, OTHER, HASH] = ['c', 'd', 'a'].map((digit) => digit.repeat(64)) as [string, string, string];
const FIRST = { name: '@acme/notes', version: '1.0.0', integrity: 'sha512-1' };
const SECOND = { name: '@acme/notes', version: '2.0.0', integrity: 'sha512-2' };

function aLocked(part: Partial<LockedServer> = {}): LockedServer {
  const tools = { read: { contract: HASH, text: HASH } };
  return { package: FIRST, command: COMMAND, bundle: null, signer: '', tools, ...part };
}

function running(part: Partial<FoundServer> = {}): FoundServer {
  const id = serverId('notes');
  const config = McpServer.parse({ command: 'node' });
  const definition = { id, transport: fixture('orderly.mjs') };
  const { name, version, integrity } = FIRST;
  const bundle = { kind: 'none' } as const;
  return { id, config, definition, package: name, version, integrity, command: COMMAND, bundle, ...part };
}

const EMPTY_SET: ConstructorParameters<typeof PolicySet>[0] = {
  generation: '',
  participants: [],
  respondents: new Map(),
  required: [],
  evaluationFuel: 1,
  clock: aClock,
};
const NO_BUNDLES = new PolicySet(EMPTY_SET);

function aLock(first?: LockedServer) {
  const path = join(aFolder(), 'mcp-gateway.lock');
  if (first !== undefined) writeLock(path, { notes: first });
  const logger = aLogger();
  const lock = new LockInForce({ path, textDrift: 'warn', logger, pollMs: 5 });
  onTestFinished(() => lock.close());
  const pins = (found: FoundServer = running()) => lock.pinsOf(found, NO_BUNDLES);
  const rewritten = async (write: () => void): Promise<void> => {
    write();
    await new Promise<void>((changed) => lock.watch(async () => changed()));
    lock.close();
  };
  return { path, lock, logger, pins, rewritten };
}

test('a server that nobody has accepted has no pins', () => {
  expect(aLock().pins()).toBeUndefined();
});

test('a server that is as it was accepted is held to its tools', () => {
  const { pins, lock } = aLock(aLocked());
  expect(pins()).toEqual({ tools: new Map(Object.entries(aLocked().tools)), drift: '', text: 'warn' });
  expect(lock.packageOf('notes', COMMAND)).toEqual(FIRST);
});

test.for<[string, Partial<FoundServer>]>([
  ['package', { version: '1.0.1' }],
  ['package', { integrity: 'sha512-9' }],
  ['package', { package: '', version: '', integrity: '' }],
  ['command', { command: OTHER }],
])('where its %s is another nothing of it counts: %j', ([drift, part]) => {
  expect(aLock(aLocked()).pins(running(part))).toEqual({ tools: new Map(), drift, text: 'warn' });
});

test('a bundle that was accepted and is gone makes another server of it', () => {
  expect(aLock(aLocked({ bundle: { digest: HASH } })).pins()).toMatchObject({ drift: 'bundle' });
});

/** The server's own bundle as it is in force. */
function governedBy(signature: BundleSignature): PolicySet {
  const files = new Map(Object.entries(bundleFiles()).map(([path, text]) => [path, Buffer.from(text)]));
  const bundle = { ...makeBundle('notes', { source: 'here', files }), signature };
  const place = { kind: 'server', server: 'notes' } as const;
  const loaded = { bundle, rules: new Map() };
  const own = { id: 'notes', layer: 'server', place, mode: 'enforce', ruleModes: {}, loaded } as const;
  return new PolicySet({ ...EMPTY_SET, participants: [own] });
}

test.for<[string, BundleSignature, string]>([
  ['the one whom it was accepted from', { kind: 'verified', signer: 'dana', startsMs: null, endsMs: null }, ''],
  ['somebody else', { kind: 'verified', signer: 'mallory', startsMs: null, endsMs: null }, 'signer'],
  ['somebody whom nobody has checked', { kind: 'unverified' }, 'signer'],
  ['nobody', { kind: 'unsigned' }, 'signer'],
])('G-62 a bundle signed by %s makes another server of it, or does not', ([, signature, drift]) => {
  const policy = governedBy(signature);
  const digest = policy.participants[0]?.loaded?.bundle.digest ?? '';
  const { lock } = aLock(aLocked({ bundle: { digest }, signer: 'dana' }));
  expect(lock.pinsOf(running(), policy)).toMatchObject({ drift });
});

test('G-28 what was accepted for another command line does not run for this one', () => {
  expect(aLock(aLocked()).lock.packageOf('notes', OTHER)).toBeUndefined();
});

test('a lock that cannot be read pins every server', async () => {
  const { path, pins, rewritten } = aLock();
  await rewritten(() => writeFileSync(path, '{'));
  expect(pins()).toEqual({ tools: new Map(), drift: 'lock', text: 'warn' });
});

test('tools that are accepted while the gateway runs count at once', async () => {
  const { path, pins, rewritten } = aLock(aLocked());
  expect(pins()?.tools.size).toBe(1);
  await rewritten(() => writeLock(path, { notes: aLocked({ tools: {} }) }));
  expect(pins()?.tools.size).toBe(0);
});

test('a server that is updated while the gateway runs stays what it is, with its pins', async () => {
  const { path, pins, rewritten, logger } = aLock(aLocked());
  const before = pins();
  await rewritten(() => writeLock(path, { notes: aLocked({ package: SECOND, tools: {} }) }));
  expect([pins(), pins()]).toEqual([before, before]);
  expect(logger.lines.map(({ message }) => message)).toEqual([
    'a server was updated; start the gateway again to use it',
  ]);
  const { name, version, integrity } = SECOND;
  expect(pins(running({ package: name, version, integrity }))).toMatchObject({ drift: '', tools: new Map() });
});

test('what was accepted and could not be put in force is tried again', async () => {
  const { path, lock, logger } = aLock(aLocked());
  writeLock(path, { notes: aLocked({ tools: {} }) });
  let tries = 0;
  await new Promise<void>((isDone) => {
    lock.watch(async () => {
      tries += 1;
      if (tries === 1) throw new Error('a schema could not be prepared');
      isDone();
    });
  });
  expect(logger.lines.map(({ message }) => message)).toEqual(['what was accepted cannot be put in force']);
});
