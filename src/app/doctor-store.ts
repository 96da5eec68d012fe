import { chmodSync, existsSync, statSync } from 'node:fs';
import { fail, type HealthFinding, loadedOf, ok, skip, type Subject, warn } from './doctor.ts';
import { differenceText } from './deciding.ts';
import { hasStore, storePlaceOf } from './store-place.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { holdsAt } from '../core/pause.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import type { StorePlace } from '../state/open-connection.ts';
import { verifyLog } from '../state/verify.ts';

/** Whether the store can be read, and whether others can read it. */
export async function checkStore(subject: Subject): Promise<readonly HealthFinding[]> {
  const place = storeOf(subject);
  if (place === undefined) return [skip('store', 'there is no configuration that says where it lies')];
  if ('url' in place) return (await import('./doctor-postgres.ts')).checkPostgres(place, subject.clock);
  const { path } = place;
  if (!existsSync(path)) return [skip('store', `there is none at ${path} yet; the first start makes it`)];
  try {
    const last = await reading(place, (reader) => reader.lastSeq());
    const { mode, size } = statSync(path);
    const words = `${path}, ${String(last)} records, ${(size / 1024 ** 2).toFixed(1)} MB`;
    if (!subject.modesMean || (mode & 0o077) === 0) return [ok('store', words)];
    const open = warn('store', `others can read ${path}`, 'mcp-gateway doctor --fix');
    return [{ ...open, fix: async () => closed(path) }];
  } catch (thrown) {
    const isNewer = thrown instanceof GatewayError && thrown.code === 'STORE_NEWER';
    const mend = isNewer ? 'npm install -g mcp-gateway@latest' : 'mcp-gateway serve --http';
    return [fail('store', messageOf(thrown), mend)];
  }
}

function closed(path: string): string {
  chmodSync(path, 0o600);
  return `closed ${path} to others`;
}

/** Beyond that it takes longer than anybody waits; `decision verify` checks all of it. */
const MOST_ROWS = 200_000;

/** Whether the log is whole, or the newest part of a long one. */
export async function checkChain(subject: Subject): Promise<readonly HealthFinding[]> {
  const place = storeOf(subject);
  if (place === undefined || !(await hasStore(place))) return [skip('chain', 'there is no store yet')];
  try {
    const after = await reading(place, (reader) => reader.seqBefore(MOST_ROWS));
    const verdict = await verifyLog({ ...place, home: subject.home, after });
    if (verdict.kind === 'ok') {
      const from = after === 0 ? '' : `, those behind #${String(after)}`;
      return [ok('chain', `${String(verdict.rows)} records verified${from}, to #${String(verdict.seq)}`)];
    }
    return [fail('chain', `a record of the log is ${verdict.kind}`, 'mcp-gateway decision verify')];
  } catch (thrown) {
    return [fail('chain', messageOf(thrown), 'mcp-gateway decision verify')];
  }
}

/** Whether policies are enforced at all. */
export async function checkPause(subject: Subject): Promise<readonly HealthFinding[]> {
  const place = storeOf(subject);
  if (place === undefined || !(await hasStore(place))) return [skip('pause', 'there is no store yet')];
  try {
    const { pause, now } = await reading(place, async (reader) => {
      return { pause: await reader.pause(), now: (await reader.clock(subject.clock)).now() };
    });
    if (!holdsAt(pause, now) || loadedOf(subject)?.config.policies.pause !== true)
      return [ok('pause', 'policies are enforced')];
    const until = new Date(pause.untilMs).toISOString().slice(0, 19).replace('T', ' ');
    return [warn('pause', `what policies deny is let through until ${until} UTC`, 'mcp-gateway pause --end')];
  } catch {
    return [skip('pause', 'the store cannot be read')];
  }
}

/** Whether all gateways on the store decide alike. */
export async function checkGateways(subject: Subject): Promise<readonly HealthFinding[]> {
  const place = storeOf(subject);
  if (place === undefined || !(await hasStore(place))) return [skip('gateways', 'there is no store yet')];
  try {
    const instances = await reading(place, async (reader) =>
      reader.instances((await reader.clock(subject.clock)).now()),
    );
    const difference = differenceText(instances);
    if (difference !== '') return [warn('gateways', difference, 'mcp-gateway status')];
    const deciding = instances.filter(({ facts }) => facts !== '').length;
    if (deciding === 0) return [skip('gateways', 'none runs on this store')];
    return [ok('gateways', deciding === 1 ? 'one runs' : `${deciding} run and decide by the same policies`)];
  } catch {
    return [skip('gateways', 'the store cannot be read')];
  }
}

function storeOf(subject: Subject): StorePlace | undefined {
  const loaded = loadedOf(subject);
  return loaded && storePlaceOf(loaded.config);
}

async function reading<T>(place: StorePlace, work: (reader: DecisionReader) => Promise<T>): Promise<T> {
  const reader = new DecisionReader(place);
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}
