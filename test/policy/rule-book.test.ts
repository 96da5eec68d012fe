import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { LAYERS } from '../../src/core/opinion.ts';
import type { Annotation } from '../../src/policy/annotation.ts';
import { cleanText, fill, MAX_TEXT } from '../../src/policy/author-text.ts';
import { buildRuleBook, type EmittingRule, type RuleSources } from '../../src/policy/rule-book.ts';

function anAnnotation(id: string, custom: JsonObject = {}, part: Partial<Annotation> = {}): Annotation {
  const place = { file: 'policy.rego', row: 3, column: 1 };
  return { id, title: 'A title', description: '', custom: { id, ...custom }, ...place, ...part };
}

function anEmitter(...ids: readonly string[]): EmittingRule {
  return { ids, hasUnknownId: false, inputs: ['agent.id', 'action.tool'], file: 'policy.rego', row: 9, column: 1 };
}

function aBook(part: Partial<RuleSources>) {
  return buildRuleBook({ bundle: 'github', layer: 'server', annotations: [], rules: [], ...part });
}

const words = (problems: readonly { readonly message: string }[]) => problems.map(({ message }) => message);

describe('the rule book', () => {
  it('holds what an annotation says', () => {
    const annotation = anAnnotation(
      'GH-201',
      {
        remediation: 'Open a pull request to {branch}.',
        remedy: 'open_pull_request',
        alternatives: ['create_pull_request'],
        retry: 'with_changes',
        appeal_path: 'https://example.com/appeal',
        owner: 'platform',
        control: 'SOC2-CC8',
        liftable: false,
      },
      { title: 'Protected branches', description: 'Why so.' },
    );
    const { rules, problems, warnings } = aBook({ annotations: [annotation], rules: [anEmitter('GH-201')] });
    expect([...problems, ...warnings]).toEqual([]);
    expect(rules.get('GH-201')).toEqual({
      id: 'GH-201',
      title: 'Protected branches',
      description: 'Why so.',
      remediation: 'Open a pull request to {branch}.',
      remedy: 'open_pull_request',
      alternatives: ['create_pull_request'],
      retry: 'with_changes',
      appealPath: 'https://example.com/appeal',
      owner: 'platform',
      control: 'SOC2-CC8',
      liftable: false,
      reads: ['action.tool', 'agent.id'],
      file: 'policy.rego',
      row: 3,
    });
  });

  it('has no remedy, no alternative and no retry where nothing is said', () => {
    const { rules } = aBook({ annotations: [anAnnotation('GH-1')], rules: [anEmitter('GH-1')] });
    expect(rules.get('GH-1')).toMatchObject({
      remedy: '',
      remediation: '',
      alternatives: [],
      retry: 'never',
      appealPath: '',
    });
  });

  it.each(LAYERS.map((layer) => [layer, ['server', 'resource', 'workflow'].includes(layer)] as const))(
    'lifts denials of layer %s by default: %s',
    (layer, liftable) => {
      const { rules } = aBook({ layer, annotations: [anAnnotation('A-1')], rules: [anEmitter('A-1')] });
      expect(rules.get('A-1')?.liftable).toBe(liftable);
    },
  );

  it('lets an annotation make a compliance denial liftable, but none of identity and override', () => {
    const book = (layer: (typeof LAYERS)[number]) =>
      aBook({ layer, annotations: [anAnnotation('A-1', { liftable: true })], rules: [anEmitter('A-1')] });
    expect(book('compliance').rules.get('A-1')?.liftable).toBe(true);
    for (const layer of ['identity', 'override'] as const) {
      expect(book(layer).rules.get('A-1')?.liftable).toBe(false);
      expect(words(book(layer).problems)).toEqual([`A-1: a denial of layer ${layer} cannot be liftable`]);
    }
  });

  it('refuses an id without annotation, with its place', () => {
    expect(aBook({ rules: [anEmitter('GH-9')] }).problems).toEqual([
      {
        bundle: 'github',
        code: 'bundle_annotation',
        message: 'GH-9 has no annotation: write custom.id in the # METADATA of the rule',
        file: 'policy.rego',
        row: 9,
        column: 1,
      },
    ]);
  });

  it('warns of an annotation that no rule emits, unless ids are computed', () => {
    const annotations = [anAnnotation('GH-9')];
    expect(words(aBook({ annotations }).warnings)).toEqual(['no rule emits GH-9']);
    expect(aBook({ annotations, rules: [{ ...anEmitter(), hasUnknownId: true }] }).warnings).toEqual([]);
  });

  it('refuses one id annotated twice', () => {
    const annotations = [anAnnotation('GH-1'), anAnnotation('GH-1', {}, { row: 20 })];
    expect(words(aBook({ annotations, rules: [anEmitter('GH-1')] }).problems)).toEqual([
      'GH-1 is annotated twice, first at policy.rego:3',
    ]);
  });

  it('does not read annotations without an id', () => {
    expect(aBook({ annotations: [anAnnotation('')] })).toEqual({ rules: new Map(), problems: [], warnings: [] });
  });

  it.each<[string, JsonObject, string]>([
    ['retry', { retry: 'soon' }, 'custom.retry'],
    ['remedy', { remedy: 'Ask somebody' }, 'custom.remedy'],
    ['liftable', { liftable: 'yes' }, 'custom.liftable'],
    ['alternatives', { alternatives: 'other_tool' }, 'custom.alternatives'],
    ['id', { id: 'GH 1' }, 'custom.id'],
  ])('refuses a %s of the wrong form', (_what, custom, pointer) => {
    const { problems } = aBook({ annotations: [anAnnotation('GH-1', custom)], rules: [anEmitter('GH-1')] });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(pointer);
  });

  it('warns of a member that nobody reads and of a missing title', () => {
    const annotations = [anAnnotation('GH-1', { remediaton: 'Typo.' }, { title: '' })];
    const { rules, warnings } = aBook({ annotations, rules: [anEmitter('GH-1')] });
    expect(words(warnings)).toEqual(['GH-1: custom.remediaton is not read', 'GH-1 has no title']);
    expect(rules.get('GH-1')?.title).toBe('GH-1');
  });
});

describe('an author’s text', () => {
  it('is one line without anything unseen', () => {
    const hidden =
      'Push\u202E to\u200B a\u2066 branch\u0007\n\tand\u{E0041}\u{E0101} open\uFE0F a\u00AD pull\u3164 request';
    expect(cleanText(hidden)).toBe('Push to a branch and open a pull request');
  });

  it('keeps letters of all scripts', () => {
    expect(cleanText('Größe – 東京 – кириллица – עברית')).toBe('Größe – 東京 – кириллица – עברית');
  });

  it('is cut where it is too long, never within a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 900 }), (text) => {
        const clean = cleanText(text);
        expect(Array.from(clean).length).toBeLessThanOrEqual(MAX_TEXT);
        expect(clean).not.toMatch(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u);
      }),
    );
    expect(cleanText('😀'.repeat(400))).toBe(`${'😀'.repeat(MAX_TEXT - 1)}…`);
    expect(cleanText('😀'.repeat(MAX_TEXT))).toBe('😀'.repeat(MAX_TEXT));
  });

  it('has its parameters filled in, cleaned and once', () => {
    expect(fill('{branch} in {repo} by {who}', { branch: '{repo}', repo: 'a\nb', n: 1 })).toBe(
      '{repo} in a b by {who}',
    );
    expect(fill('{n} of {toString}', { n: 1.5 })).toBe('1.5 of {toString}');
    expect(fill('{a}'.repeat(100), { a: 'x'.repeat(500) })).toHaveLength(600);
  });
});
