import { expect, test } from 'vitest';
import { isJsonObject, type JsonObject } from '../../src/core/json.ts';
import { NO_CONTEXT, PolicyInput } from '../../src/core/policy-input.ts';
import { buildInput, weekdays } from '../../src/gateway/build-input.ts';
import { aCaller, aRoute, ENVIRONMENT, holesIn, NOW } from './makers.ts';

test('every field is there with its type, for a list as for a call', () => {
  for (const input of [listInput(), callInput({})]) {
    expect(PolicyInput.safeParse(input).error).toBeUndefined();
    expect(holesIn(input)).toEqual([]);
  }
});

test('its plain text is the canonical one, whatever order the parts came in', () => {
  const input = callInput({ turn_count: 3, model: 'm', conversation_id: 'c', cumulative_tokens: 1 });
  expect(JSON.stringify(input)).toBe(sortedText(input));
  expect(input.action.args).toEqual({ path: 'a', content: { z: [{ d: 1, c: 2 }], a: 1 } });
});

test('a list has no arguments, context and claims: empty, not absent', () => {
  const { action, context, claims } = listInput();
  expect(action.args).toEqual({});
  expect(context).toEqual(NO_CONTEXT);
  expect(
    Object.values({ ...context, ...context.agent }).filter((value) => typeof value === 'number' && value > 0),
  ).toEqual([]);
  expect(claims.present).toEqual([]);
});

test.for([
  { name: 'nothing', meta: {}, present: [] },
  { name: 'a model and a count', meta: { model: 'm-1', turn_count: 3 }, present: ['model', 'turn_count'] },
  { name: 'claims of the wrong type', meta: { model: 5, turn_count: -1, cumulative_tokens: '9' }, present: [] },
])('what only the client says stands under claims: $name', ({ meta, present }) => {
  const { claims, agent } = callInput(meta);
  expect(claims.present).toEqual(present);
  expect(agent.model).toBe(aCaller().principal.agent.model);
});

test('the weekday is that of the time zone', () => {
  expect(weekdays('UTC')(NOW)).toBe('monday');
  expect(weekdays('Pacific/Kiritimati')(NOW)).toBe('tuesday');
});

function listInput(): PolicyInput {
  const { server, facts } = aRoute();
  return buildInput({
    action: 'tool_list',
    principal: aCaller().principal,
    server: server.facts,
    tool: facts,
    environment: ENVIRONMENT,
    now: NOW,
  });
}

function sortedText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedText).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${sortedText(value[name])}`).join(',')}}`;
}

function callInput(meta: JsonObject): PolicyInput {
  const { server, facts } = aRoute();
  return buildInput({
    action: 'tool_call',
    principal: aCaller().principal,
    server: server.facts,
    tool: facts,
    about: { ref: { type: 'ref/prompt', name: 'p' }, request: { b: 1, a: 2 } },
    call: {
      args: { path: 'a', content: { z: [{ d: 1, c: 2 }], a: 1 } },
      schemaChecked: true,
      hash: 'x',
      recalled: {
        nowMs: NOW,
        conversation: { ...NO_CONTEXT, conversation_id: 'c', turn_count: 1 },
        labels: [],
        budgets: {},
      },
      meta,
    },
    environment: ENVIRONMENT,
    now: NOW,
  });
}
