import { expect, test } from 'vitest';
import type { Activation, GenerationFacts } from '../../src/core/generation.ts';
import { anyPlace, aStore } from './support.ts';

const FACTS: GenerationFacts = {
  bundles: [
    {
      id: 'limits',
      layer: 'workflow',
      place: { kind: 'organisation', scope: { servers: ['*'], agents: ['*'], tools: ['*'] } },
      mode: 'enforce',
      ruleModes: { loop: 'warn' },
      digest: 'd'.repeat(64),
      dataDigest: 'e'.repeat(64),
      source: './limits',
    },
  ],
  required: ['identity'],
  evaluationFuel: 2_000_000,
  library: 'f'.repeat(64),
  toolchain: 'a'.repeat(64),
};

function activation(generation: string, at: number, facts = FACTS): Omit<Activation, 'seq'> {
  return { generation, at, instance: 'one', why: 'start', facts };
}

test('what was in force outlives the process, the newest first', async () => {
  const place = anyPlace();
  const { generations, close } = await opened(place);
  await generations.activate(activation('a', 1));
  await generations.activate(activation('b', 2));
  await close();

  const again = await opened(place);
  expect(await again.generations.activations(10)).toEqual([
    { ...activation('b', 2), seq: 2 },
    { ...activation('a', 1), seq: 1 },
  ]);
  expect(await again.generations.activations(1)).toHaveLength(1);
  await again.close();
});

test('a start that changes nothing adds no activation; another mode of a rule does', async () => {
  const { generations, close } = await opened(anyPlace());
  await generations.activate(activation('a', 1));
  await generations.activate(activation('a', 2));
  const [bundle] = FACTS.bundles;
  const changed = { ...FACTS, bundles: bundle === undefined ? [] : [{ ...bundle, ruleModes: {} }] };
  await generations.activate(activation('a', 3, changed));
  expect((await generations.activations(10)).map(({ at }) => at)).toEqual([3, 1]);
  expect(await generations.activationOf('a')).toMatchObject({ at: 3, facts: changed });
  expect(await generations.activationOf('b')).toBeUndefined();
  expect((await generations.activationsOf('a')).map(({ at }) => at)).toEqual([3, 1]);
  expect(await generations.activationsOf('b')).toEqual([]);
  await close();
});

test('a text that is kept stays as it was first kept', async () => {
  const { generations, close } = await opened(anyPlace());
  await generations.keep('bundle x y', 'text '.repeat(1_000));
  await generations.keep('bundle x y', 'another');
  expect(await generations.readKept('bundle x y')).toBe('text '.repeat(1_000));
  expect(await generations.readKept('bundle z')).toBeUndefined();
  await close();
});

async function opened(place: ReturnType<typeof anyPlace>) {
  const store = await aStore(place);
  return { generations: store.generations, close: () => store.close() };
}
