import type { RegoRuleSyntax, RegoTerm } from '../rego/syntax.ts';
import { foundAt, type LintRule } from './lint-rule.ts';
import type { WrittenRule } from './lint-subject.ts';
import { callsIn, expressionsIn, liesIn, partsOf, pathOf, resolve, type Scope, scopeOf } from './lint-terms.ts';

/** Built-ins that fail for some values of the right type, and what can be asked before. */
const FAILING: Readonly<Record<string, string>> = {
  to_number: 'regex.match(`^[0-9]+$`, …)',
  'json.unmarshal': 'json.is_valid(…)',
  'yaml.unmarshal': 'yaml.is_valid(…)',
  'base64.decode': 'base64.is_valid(…)',
  'base64url.decode': 'a pattern of what may stand in it',
  'hex.decode': 'a pattern of what may stand in it',
  'urlquery.decode': 'a pattern of what may stand in it',
  'urlquery.decode_object': 'a pattern of what may stand in it',
  'time.parse_ns': 'a pattern of the time',
  'time.parse_rfc3339_ns': 'a pattern of the time',
  'time.parse_duration_ns': 'a pattern of the duration',
  'units.parse': 'a pattern of the amount',
  'units.parse_bytes': 'a pattern of the amount',
  'net.cidr_contains': 'a pattern of the address',
  'net.cidr_intersects': 'a pattern of the address',
  'semver.compare': 'semver.is_valid(…)',
  'json.patch': 'what may be patched',
  'regex.match': 'regex.is_valid(…)',
  div: '… != 0',
  rem: '… != 0',
};

/** At which place the value stands that a built-in fails for; every place where nothing is said. */
const FAILS_AT: Readonly<Record<string, number>> = { 'regex.match': 0, div: 1, rem: 1 };

export const FAILING_BUILTIN: LintRule = {
  code: 'lint_failing_builtin',
  severity: 'warning',
  about:
    'A built-in that fails for some values gets a value that the agent chose: where it fails, the call is denied as an error that nobody can lift, instead of by the rule and its remediation.',
  find: ({ written }) => written.flatMap(failingCalls),
};

function failingCalls(rule: WrittenRule): readonly ReturnType<typeof foundAt>[] {
  return rule.branches.flatMap((branch) => {
    const scope = scopeOf(rule, branch);
    const chosen = chosenNames(branch, scope);
    return callsIn(branch).flatMap(({ name, args }) => {
      const before = FAILING[name];
      if (before === undefined) return [];
      const at = FAILS_AT[name];
      const value = args
        .filter((_, index) => at === undefined || index === at)
        .find((arg) => isChosen(arg, scope, chosen));
      if (value === undefined || isGuarded(value, branch, scope)) return [];
      return [
        foundAt(
          rule,
          WORDS[name] ?? `${name}(`,
          `${WORDS[name] ?? name} fails for some values that an agent can send, and then the whole decision is an error; ask ${before} before`,
        ),
      ];
    });
  });
}

const WORDS: Readonly<Record<string, string>> = { div: '/', rem: '%' };

/** What an agent, its client or a server chooses; all else the gateway knows itself. */
const CHOSEN = [
  'input.action.args',
  'input.action.request',
  'input.action.ref',
  'input.action.resource',
  'input.action.result',
  'input.claims',
];

function isChosen(term: RegoTerm, scope: Scope, names: ReadonlySet<string>): boolean {
  return partsOf(term).some((part) => {
    if (part.kind === 'variable' && names.has(part.name)) return true;
    const path = pathOf(resolve(part, scope));
    return CHOSEN.some((place) => liesIn(path, place)) && !path.startsWith('input.action.result.bytes');
  });
}

/** Names that stand for what is chosen, or for a part of it. */
function chosenNames(branch: RegoRuleSyntax, scope: Scope): ReadonlySet<string> {
  const names = new Set<string>();
  // A name can stand for another that stands further below, so it is looked through until nothing is added.
  for (let before = -1; before !== names.size;) {
    before = names.size;
    for (const { kind, name, terms } of expressionsIn(branch)) {
      const binds = kind === 'some' || kind === 'every' || (kind === 'call' && (name === 'assign' || name === 'eq'));
      const from = kind === 'call' ? terms[1] : terms.at(-1);
      const to = kind === 'call' ? terms.slice(0, 1) : terms.slice(0, -1);
      if (!binds || from === undefined || !isChosen(from, scope, names)) continue;
      for (const part of to.flatMap(partsOf)) if (part.kind === 'variable') names.add(part.name);
    }
  }
  return names;
}

const GUARD = /(^|\.)(is_\w+|match|matches|allowed|within|neq|gt|gte|lt|lte)$/;

/** Whether another condition of the rule looks at the same value, or at what it is made of. */
function isGuarded(value: RegoTerm, branch: RegoRuleSyntax, scope: Scope): boolean {
  const wanted = new Set(keysOf(value, scope));
  return callsIn(branch).some(({ name, args }) => {
    if (!GUARD.test(name) || (name === 'regex.match' && args[0] === value)) return false;
    return args.some(
      (arg) => arg !== value && !partsOf(arg).includes(value) && keysOf(arg, scope).some((key) => wanted.has(key)),
    );
  });
}

function keysOf(term: RegoTerm, scope: Scope): readonly string[] {
  return partsOf(term).flatMap((part) => {
    if (part.kind === 'scalar') return [];
    if (part.kind === 'variable') {
      const known = scope.get(part.name);
      return [part.name, ...(known === undefined ? [] : [JSON.stringify(known)])];
    }
    return [JSON.stringify(part), JSON.stringify(resolve(part, scope))];
  });
}
