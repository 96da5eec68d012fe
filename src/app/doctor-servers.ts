import { fail, type HealthFinding, loadedOf, ok, skip, type Subject, warn } from './doctor.ts';
import type { ListedBundle } from './policy-list.ts';
import type { LookedAt } from './look.ts';
import type { Config } from '../config/paths.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { isServerId, type ServerId } from '../core/names.ts';

/** One that takes longer keeps its clients waiting, and some give up after ten seconds. */
const SLOW_MS = 5_000;

/** What is looked at of a server that was started once. */
export type TriedServer = Pick<LookedAt, 'tools' | 'listedAfterMs'>;

/** Starts every server once, at the same time, and says what became of it. */
export async function checkServers(subject: Subject): Promise<readonly HealthFinding[]> {
  const { tryServer } = subject;
  const loaded = loadedOf(subject);
  const ids = Object.keys(loaded?.config.mcpServers ?? {}).filter(isServerId);
  if (loaded === undefined || ids.length === 0) return [skip('server', 'none is configured')];
  if (tryServer === undefined) return [skip('server', `${String(ids.length)} were not started, as was asked`)];
  return Promise.all(ids.map((id) => findingOf(id, loaded.config, tryServer)));
}

async function findingOf(
  id: ServerId,
  { mcpServers }: Config,
  tryServer: NonNullable<Subject['tryServer']>,
): Promise<HealthFinding> {
  const name = `server.${id}`;
  try {
    const { tools, listedAfterMs } = await tryServer(id);
    const words = `${String(tools.length)} tools after ${(listedAfterMs / 1000).toFixed(1)} s`;
    if (listedAfterMs <= SLOW_MS) return ok(name, words);
    return warn(name, `${words}; some clients wait ten seconds at most`, `mcp-gateway server logs ${id}`);
  } catch (thrown) {
    const transport = mcpServers[id]?.transport;
    const where = transport?.kind === 'stdio' ? transport.command : '';
    if (thrown instanceof GatewayError && thrown.code === 'SIGN_IN_REQUIRED')
      return fail(name, 'it wants its user to sign in', `mcp-gateway server login ${id}`);
    const [first = ''] = messageOf(thrown).split('\n');
    const isMissing = where !== '' && /ENOENT|not found|no such/i.test(first);
    return fail(name, first, isMissing ? `command -v ${where}` : `mcp-gateway server logs ${id}`);
  }
}

/** How each bundle stands that is configured, and those that are not at all. */
export async function checkBundles(subject: Subject): Promise<readonly HealthFinding[]> {
  if (loadedOf(subject) === undefined) return [skip('bundle', 'there is no configuration that names any')];
  try {
    return (await subject.bundles()).map(bundleFinding);
  } catch (thrown) {
    const [first = ''] = messageOf(thrown).split('\n');
    return [fail('bundle', first, 'mcp-gateway policy ls')];
  }
}

function bundleFinding({ id, layer, mode, state, why, source, rules }: ListedBundle): HealthFinding {
  const name = `bundle.${id}`;
  const [first = ''] = why.split('\n');
  if (state === 'missing') return fail(name, `what it governs is denied: ${first}`, mendOf(id, source));
  if (state === 'stale') return warn(name, `an older state of it decides: ${first}`, mendOf(id, source));
  const words = `${layer}, ${mode}, ${rules === 1 ? '1 rule' : `${String(rules ?? 0)} rules`}`;
  return mode === 'enforce' ? ok(name, words) : warn(name, `${words}: not enforced`, `mcp-gateway policy shadow`);
}

function mendOf(id: string, source: string): string {
  return /^(https|git\+|oci):/.test(source) ? `mcp-gateway policy pull ${id}` : `mcp-gateway bundle check ${source}`;
}
