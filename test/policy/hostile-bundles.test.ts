import { describe, expect, test } from 'vitest';
import { INPUT_SCHEMA } from '../../src/app/bundles.ts';
import { combine } from '../../src/policy/combine.ts';
import { readOpinion } from '../../src/policy/opinion.ts';
import { toolchain } from '../shared-toolchain.ts';
import { anOpinion, aPermit, aVerdict, someFacts } from './decision-makers.ts';
import { rule } from './questions.ts';

/** Codes of what keeps a bundle of this one rule from being put in force. */
async function refusals(condition: string, more = ''): Promise<readonly string[]> {
  const policy = `package app\n\n${rule('deny', 'D-1', condition)}\n${more}\n`;
  const bundle = { id: 'app', root: 'app', files: { 'policy.rego': policy }, data: { app: {} } };
  const result = await toolchain.activate({ bundle, library: {}, inputSchema: INPUT_SCHEMA });
  return result.kind === 'refused' ? result.problems.map(({ code, message }) => `${code} ${message}`) : [];
}

test('a rule that does no wrong is put in force, so that what is refused is what is wrong', async () => {
  expect(await refusals('input.action.args.path == "x"')).toEqual([]);
});

describe('G-70 a built-in that could reach out of the decision is refused when the bundle is loaded', () => {
  test.for([
    ['http.send', 'http.send({"method": "get", "url": "http://127.0.0.1/"}).status_code == 200'],
    ['net.lookup_ip_addr', 'count(net.lookup_ip_addr("localhost")) > 0'],
    ['opa.runtime', 'opa.runtime().env.HOME != ""'],
    ['rand.intn', 'rand.intn("x", 10) > 5'],
    ['uuid.rfc4122', 'uuid.rfc4122("x") != ""'],
    ['trace', 'trace("x")'],
    ['rego.parse_module', 'rego.parse_module("a", "package a") != {}'],
    ['io.jwt.decode', 'count(io.jwt.decode(input.agent.id)) > 0'],
    ['yaml.unmarshal', 'yaml.unmarshal(input.agent.id) != {}'],
    ['constructor', 'constructor("return process")'],
    ['__proto__', '__proto__("x")'],
  ])('%s', async ([name, condition]) => {
    const [refusal, ...more] = await refusals(condition ?? '');
    expect(more).toEqual([]);
    expect(refusal).toContain(name);
  });
});

describe('G-71 a rule that reads input which never exists is refused when the bundle is loaded', () => {
  test.for([
    'input.pramas.branch == "main"',
    'input.agent.idd == "x"',
    'not input.agent.idd',
    'not input.agent.idd == "x"',
    'not known(input.agent.idd)',
    'known(input.agent.idd)',
    'input["agent"]["idd"] == "x"',
    'count([1 | input.agnt.id]) > 0',
    'some label in input.context.labels\n\tlabel.lable == "x"',
    'input.context.labels[_].lable == "x"',
    'input.agent.id.name == "x"',
  ])('%s', async (condition) => {
    const found = await refusals(`{\n\t${condition}\n}`, 'known(x) if x == "known"');
    expect(found.join('\n')).toContain('rego_type_error undefined ref');
  });
});

describe('G-68 a bundle speaks for itself alone', () => {
  test.for([
    ['another bundle', 'data.owners.allowed == true'],
    ['everything', 'count(data) > 0'],
    ['what a call names', 'data[input.action.args.root].allowed == true'],
    ['the decision of the gateway', 'data.gateway.decision == true'],
    ['the system', 'data.system.bundles != {}'],
  ])('it cannot read %s', async ([, condition]) => {
    expect((await refusals(condition ?? '')).join('\n')).toContain('bundle_data_reference');
  });

  const resolution = {
    layer: 'server',
    rules: new Map([['S-1', Object({ liftable: true })]]),
    mode: 'enforce',
    ruleModes: {},
    counters: new Map(),
    people: 'unverified',
  } as const;
  const said = (part: object): string => {
    const empty = { allow: [], deny: [], hide: [], obligations: [], permit: [], labels: [], capabilities: [] };
    return readOpinion({ ...empty, ...part }, resolution).kind;
  };

  test.for([
    ['a permit', { permit: [aPermit()] }],
    ['capabilities', { capabilities: [{ id: 'S-1', kind: 'server', value: '*' }] }],
    ['a reason of the gateway', { deny: [{ id: 'S-1', reason: 'gateway.unknown_tool' }] }],
    ['a rule of another bundle', { allow: [{ id: 'owners/R-1', reason: 'because' }] }],
    ['a rule that nobody described', { allow: [{ id: 'S-2', reason: 'because' }] }],
  ] as const)('its author cannot say %s', ([, part]) => {
    expect(said({ allow: [{ id: 'S-1', reason: 'because' }] })).toBe('ok');
    expect(said(part)).toBe('malformed');
  });

  test('its grant is never enough against a denial of the organisation, and a permit of its own lifts nothing', () => {
    const layers = [
      anOpinion({
        layer: 'server',
        bundle: 'files',
        allow: [aVerdict('S-1')],
        permit: [aPermit({ lifts: ['law/L-1'] })],
      }),
      anOpinion({ layer: 'resource', bundle: 'owners', allow: [aVerdict('R-1')] }),
    ];
    const law = anOpinion({ layer: 'compliance', bundle: 'law', deny: [aVerdict('L-1', { liftable: true })] });
    expect(combine(someFacts(layers)).effect).toBe('allow');
    expect(combine(someFacts([...layers, law])).effect).toBe('deny');
  });
});
