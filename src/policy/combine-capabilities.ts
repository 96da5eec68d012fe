import { CAPABILITY_KINDS, type Capabilities, type CapabilityKind, type Opinion } from '../core/opinion.ts';
import { fullName, ofLayer, takingPart } from './combine-opinions.ts';

const ANY = '*';

/**
 * What the identity layer grants together: per kind the intersection over the
 * bundles that emit it. A kind that nobody emits is absent: unrestricted.
 */
export function capabilitiesOf(opinions: readonly Opinion[]): Capabilities {
  const together: Partial<Record<CapabilityKind, readonly string[]>> = {};
  for (const opinion of identityOf(opinions)) {
    if (opinion.capabilities.length === 0) continue;
    for (const kind of CAPABILITY_KINDS) {
      const values = valuesOf(opinion, kind);
      if (values.length === 0) continue;
      const before = together[kind];
      together[kind] = before === undefined ? sorted(values) : intersect(before, values);
    }
  }
  return together;
}

/** Kinds `server` and `tool` whose capabilities do not reach this tool. `tool` is empty where the action has none. */
export function kindsExceeded(capabilities: Capabilities, server: string, tool: string): readonly CapabilityKind[] {
  const exceeded: CapabilityKind[] = [];
  if (server === '') return exceeded;
  if (!reaches(capabilities.server, server)) exceeded.push('server');
  if (tool !== '' && !reaches(capabilities.tool, `${server}/${tool}`)) exceeded.push('tool');
  return exceeded;
}

/** Full names of the identity rules that speak of these kinds. */
export function rulesGranting(opinions: readonly Opinion[], kinds: readonly CapabilityKind[]): readonly string[] {
  return identityOf(opinions).flatMap((opinion) =>
    opinion.capabilities
      .filter(({ kind, mode }) => mode !== 'shadow' && kinds.includes(kind))
      .map((capability) => fullName(opinion, capability)),
  );
}

function identityOf(opinions: readonly Opinion[]): readonly Opinion[] {
  return ofLayer(takingPart(opinions), 'identity').filter((opinion) => opinion.status === 'ok');
}

function valuesOf(opinion: Opinion, kind: CapabilityKind): readonly string[] {
  return opinion.capabilities
    .filter((capability) => capability.kind === kind && capability.mode !== 'shadow')
    .map((capability) => capability.value);
}

function reaches(granted: readonly string[] | undefined, value: string): boolean {
  return granted === undefined || covers(new Set(granted), value);
}

// What both grant: what one lists and the other covers; and `a/*` meets `*/b` in `a/b`.
function intersect(left: readonly string[], right: readonly string[]): readonly string[] {
  const leftSet = new Set(left);
  const rightSet = new Set(right);
  return sorted([
    ...left.filter((value) => covers(rightSet, value)),
    ...right.filter((value) => covers(leftSet, value)),
    ...crossings(left, right),
    ...crossings(right, left),
  ]);
}

function covers(granted: ReadonlySet<string>, value: string): boolean {
  if (granted.has(value) || granted.has(ANY)) return true;
  const [head, tail] = partsOf(value);
  if (tail === undefined) return false;
  return granted.has(`${head}/${ANY}`) || granted.has(`${ANY}/${tail}`) || granted.has(`${ANY}/${ANY}`);
}

function crossings(left: readonly string[], right: readonly string[]): readonly string[] {
  const heads = left.map(partsOf).filter(([head, tail]) => tail === ANY && head !== ANY);
  const tails = right.map(partsOf).filter(([head, tail]) => head === ANY && tail !== undefined && tail !== ANY);
  return heads.flatMap(([head]) => tails.map(([, tail]) => `${head}/${tail}`));
}

/** A server id has no slash in it, but a tool's name may. */
function partsOf(value: string): readonly [string, string | undefined] {
  const slash = value.indexOf('/');
  return slash === -1 ? [value, undefined] : [value.slice(0, slash), value.slice(slash + 1)];
}

function sorted(values: readonly string[]): readonly string[] {
  return [...new Set(values)].toSorted();
}
