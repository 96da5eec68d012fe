import { beforeAll, describe, expect, test } from 'vitest';
import { exposedName } from '../../src/catalog/naming.ts';
import type { ServerId } from '../../src/core/names.ts';
import { everyUpstream } from './every-upstream.ts';
import { atEndOfFile, decisionsOf, type Place, serveHttp } from './program.ts';
import { MODEL_ANSWER, ROADS, ROOT, type WholeClient } from './whole-clients.ts';

const untilEnd = atEndOfFile();
let place: Place;
let url: string;

beforeAll(async () => {
  place = await everyUpstream(untilEnd);
  ({ url } = await serveHttp(place, { args: ['--sse'], atEnd: untilEnd }));
});

const OLD = ['old-stdio', 'old-http', 'old-sse'] as const;
const BOTH = ['both-io', 'both-web'] as const;
const TOOLS = [...OLD.map((server) => `${server}__echo`), ...BOTH.map((server) => `${server}__test_simple_text`)];
const PROMPTS = [
  ...OLD.map((server) => `${server}__simple-prompt`),
  ...BOTH.map((server) => `${server}__test_simple_prompt`),
];

describe.each(ROADS)('a client on $name', ({ connect, era }) => {
  let client: WholeClient;

  beforeAll(async () => {
    client = await connect({ place, url, atEnd: untilEnd });
  });

  test('is served by upstreams of every kind, tools, prompts, resources and completions', async () => {
    expect(await client.listTools()).toEqual(expect.arrayContaining([...TOOLS]));
    expect(await client.listPrompts()).toEqual(expect.arrayContaining([...PROMPTS]));
    expect((await client.listResources()).length).toBeGreaterThan(0);
    expect((await client.listTemplates()).length).toBeGreaterThan(0);
    for (const server of OLD) await usesOld(client, server);
    for (const server of BOTH) await usesBoth(client, server);
  });

  test('is asked by upstreams of every kind, for input, for a model and for roots', async () => {
    for (const server of OLD) await answersOld(client, server);
    // These ask for roots when their session begins, and a client without sessions is not there then.
    if (era === 'session') for (const server of OLD) await showsRoots(client, server);
    for (const server of BOTH) await answersBoth(client, server);
    const asked = new Set(client.asked);
    expect([...asked].toSorted()).toEqual(['elicitation/create', 'roots/list', 'sampling/createMessage']);
  });

  test('sees how far a call is', async () => {
    for (const server of OLD) {
      const seen: number[] = [];
      const args = { duration: 0.3, steps: 3 };
      const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress);
      await client.call(`${server}__trigger-long-running-operation`, args, { onprogress });
      // What the SDKs' clients show of a last step that comes with the result is a matter of luck.
      expect(seen.slice(0, 2)).toEqual([1, 2]);
    }
  });
});

test('every question that a server asked is on record, with the call it belongs to', async () => {
  const records = await decisionsOf(place);
  const calls = new Map(records.map((record) => [record.id, record]));
  const questions = records.filter(({ action }) => action === 'elicitation' || action === 'sampling');
  expect(questions.length).toBeGreaterThan(0);
  for (const question of questions) {
    expect(question.effect).toBe('allow');
    expect(calls.get(question.call)?.action).toBe('tool_call');
  }
});

async function usesOld(client: WholeClient, server: string): Promise<void> {
  const echo = await client.call(`${server}__echo`, { message: 'hello' });
  expect(echo.content[0]?.text).toBe('Echo: hello');
  const structured = await client.call(`${server}__get-structured-content`, { location: 'Chicago' });
  expect(structured.structuredContent).toMatchObject({ conditions: expect.any(String) });
  expect(await client.getPrompt(`${server}__args-prompt`, { city: 'Rome' })).toContain('weather in Rome');
  const departments = await client.complete(`${server}__completable-prompt`, { name: 'department', value: 'E' });
  expect(departments).toContain('Engineering');
}

async function usesBoth(client: WholeClient, server: string): Promise<void> {
  const simple = await client.call(`${server}__test_simple_text`);
  expect(simple.content[0]?.text).toBe('One line of plain text.');
  const failing = await client.call(`${server}__test_error_handling`);
  expect(failing.isError).toBe(true);
  const words = { arg1: 'alpha', arg2: 'omega' };
  expect(await client.getPrompt(`${server}__test_prompt_with_arguments`, words)).toContain('alpha and omega');
  expect(await client.complete(`${server}__test_prompt_with_arguments`, { name: 'arg1', value: 'al' })).toEqual([
    'alpha',
  ]);
}

async function answersOld(client: WholeClient, server: string): Promise<void> {
  const person = await client.call(`${server}__trigger-elicitation-request`);
  expect(JSON.stringify(person.content)).toContain('ada');
  const model = await client.call(`${server}__trigger-sampling-request`, { prompt: 'The capital of France?' });
  expect(JSON.stringify(model.content)).toContain(MODEL_ANSWER);
}

async function showsRoots(client: WholeClient, server: string): Promise<void> {
  const roots = await client.call(`${server}__get-roots-list`);
  expect(JSON.stringify(roots.content)).toContain(ROOT);
}

async function answersBoth(client: WholeClient, server: string): Promise<void> {
  const person = await client.call(`${server}__test_elicitation`, { message: 'Who are you?' });
  expect(JSON.stringify(person.content)).toContain('ada@example.com');
  const model = await client.call(`${server}__test_sampling`, { prompt: 'The capital of France?' });
  expect(JSON.stringify(model.content)).toContain(MODEL_ANSWER);
  // Too long to be shown with its server as it is.
  const name = exposedName(server as ServerId, 'test_input_required_result_list_roots', 'prefixed');
  const roots = await client.call(name);
  expect(JSON.stringify(roots.content)).toContain(ROOT);
}
