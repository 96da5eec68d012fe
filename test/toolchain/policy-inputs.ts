import fc from 'fast-check';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { Participant } from '../../src/policy/participant.ts';

/**
 * Inputs that the shipped bundles have something to say about: tools and arguments that they know, values from their
 * own data, and between them anything at all.
 */
export function policyInputs(participants: readonly Participant[]): fc.Arbitrary<PolicyInput> {
  const bundles = participants.flatMap(({ loaded }) => (loaded === undefined ? [] : [loaded.bundle]));
  const tools = bundles.flatMap(({ manifest }) => Object.keys(manifest.metadata.gateway.tools));
  const servers = participants.flatMap(({ place }) => (place.kind === 'server' ? [place.server] : []));
  const rego = bundles.flatMap(({ modules }) => Object.values(modules)).join('\n');
  const names = [...new Set([...rego.matchAll(/input\.action\.args\.([a-z_]+)/g)].map(([, name]) => name ?? ''))];
  const known = [...new Set(bundles.flatMap(({ data }) => textsIn(data)))];
  const words = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: fc.string() });
  const values = fc.oneof(
    words,
    fc.integer({ min: -10, max: 100_000 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
  const argument = fc.oneof(
    { weight: 6, arbitrary: values },
    { weight: 2, arbitrary: fc.array(values, { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );
  const args = fc.dictionary(fc.constantFrom(...names, 'other'), argument, { maxKeys: 6 });
  const someWords = fc.array(words, { maxLength: 3 });
  const counts = {
    calls_in_a_minute: fc.nat(60),
    calls_in_a_row: fc.nat(60),
    calls_of_tool: fc.nat(60),
    cumulative_tokens: fc.nat(1_000_000),
    denied_calls: fc.nat(60),
    denied_in_a_minute: fc.nat(10),
    identical_calls: fc.nat(20),
    turn_count: fc.nat(200),
  };
  return fc.record({
    agent: fc.record({
      id: words,
      scope: words,
      owner_team: words,
      model: words,
      client: fc.record({ name: words, version: fc.string() }),
      delegated_by: someWords,
    }),
    user: fc.record({ id: words, groups: someWords, data_classifications_authorized: someWords }),
    identity: fc.record({
      capabilities: fc.record(
        { server: someWords, tool: someWords, scope: someWords, data_class: someWords },
        { requiredKeys: [] },
      ),
    }),
    server: fc.record({
      id: fc.constantFrom(...servers),
      package: words,
      version: fc.constantFrom('1.0.0', '1.4.2', ''),
      region: words,
      trust: words,
      pinned: fc.boolean(),
    }),
    action: fc.record({
      type: fc.constantFrom('tool_call', 'tool_list', 'tool_result', 'resource_read'),
      tool: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...tools) }, { weight: 1, arbitrary: words }),
      resource: fc.constant(''),
      prompt: fc.constant(''),
      ref: fc.constant({}),
      request: fc.constant({}),
      args,
      annotations: fc.record({ readOnlyHint: fc.boolean(), destructiveHint: fc.boolean() }, { requiredKeys: [] }),
      effect: fc.constantFrom('read', 'write', 'destroy', 'unknown'),
      consent: fc.constantFrom('accepted', 'new', 'changed'),
      result: fc.record({
        bytes: fc.nat(100_000),
        content_types: fc.subarray(['image', 'text']),
        data_classes: fc.dictionary(fc.constantFrom('card_number', 'iban'), fc.integer({ min: 1, max: 9 })),
        is_cut: fc.boolean(),
        is_error: fc.boolean(),
        labels: someWords,
        mime_types: someWords,
        structured: fc.constant({}),
        text: fc.string(),
      }),
      schema_checked: fc.boolean(),
      data_classes_referenced: someWords,
      hash: fc.constant('0'.repeat(64)),
    }),
    context: fc.record({
      ...counts,
      agent: fc.record(counts),
      conversation_id: fc.string(),
      session_age_seconds: fc.nat(100_000),
      labels: fc.array(fc.record({ label: words, source: words, age_seconds: fc.nat(100_000) }), { maxLength: 3 }),
    }),
    budgets: fc.constant({}),
    claims: fc.record({
      present: fc.subarray(['model', 'turn_count', 'cumulative_tokens', 'conversation_id']),
      model: words,
      turn_count: fc.nat(200),
      cumulative_tokens: fc.nat(1_000_000),
      conversation_id: fc.string(),
    }),
    environment: fc.record({
      region: words,
      time: fc.constant('2026-01-01T12:00:00.000Z'),
      time_ms: fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
      weekday: fc.constantFrom('monday', 'saturday', 'sunday'),
      timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
      is_production: fc.boolean(),
      labels: fc.constant({}),
      gateway: fc.constant('gateway'),
    }),
  });
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...textsIn(member)]);
}
