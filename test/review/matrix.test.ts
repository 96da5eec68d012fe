import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '../../src/core/record.ts';
import { githubReport, junitReport } from '../../src/review/case-report.ts';
import { cellOf, changesIn, type DecidedCall, type Matrix } from '../../src/review/matrix.ts';
import { matrixCsv } from '../../src/review/matrix-csv.ts';
import { matrixHtml } from '../../src/review/matrix-html.ts';
import { anOpinion, aVerdict } from '../policy/decision-makers.ts';
import { aRecord } from '../state/records.ts';

const ALLOWED = aRecord({
  effect: 'allow',
  reasons: [],
  matched_rules: ['files/S-1', 'owners/R-1'],
  layers: [
    anOpinion({ layer: 'server', bundle: 'files', allow: [aVerdict('S-1')] }),
    anOpinion({ layer: 'resource', bundle: 'owners', allow: [aVerdict('R-1')] }),
  ],
});
const DENIED = aRecord({
  effect: 'deny',
  reasons: ['not_yours'],
  matched_rules: ['owners/R-2'],
  layers: [
    anOpinion({ layer: 'server', bundle: 'files', allow: [aVerdict('S-1')] }),
    anOpinion({ layer: 'resource', bundle: 'owners', deny: [aVerdict('R-2')] }),
  ],
});
const REFUSED = aRecord({
  effect: 'deny',
  reasons: ['unknown'],
  matched_rules: ['people/I-1'],
  layers: [
    anOpinion({ layer: 'identity', bundle: 'people', deny: [aVerdict('I-1')] }),
    anOpinion({ layer: 'server', bundle: 'files', status: 'skipped' }),
    anOpinion({ layer: 'resource', bundle: 'owners', status: 'skipped' }),
  ],
});

function called(sample: string, now: DecisionRecord, candidate?: DecisionRecord): DecidedCall {
  return { principal: 'sam', tool: 'files/read', sample, now, candidate };
}

function matrixOf(...decided: readonly DecidedCall[]): Matrix {
  return {
    principals: ['sam'],
    tools: ['files/read'],
    cells: [cellOf('sam', 'files/read', decided)],
    time: '2026-01-14T09:00:00.000Z',
    generations: ['aaa', decided.some(({ candidate }) => candidate !== undefined) ? 'bbb' : ''],
    unsampled: [],
  };
}

describe('a cell', () => {
  it('is what all of its samples are, or depends on them', () => {
    expect(cellOf('sam', 'files/read', [called('a', ALLOWED), called('b', ALLOWED)]).now).toBe('allow');
    expect(cellOf('sam', 'files/read', [called('a', ALLOWED), called('b', DENIED)]).now).toBe('depends');
  });

  it.each([
    { says: 'the rules that decide on one side alone', candidate: DENIED, because: ['owners/R-1', 'owners/R-2'] },
    { says: 'nobody whom one side did not ask', candidate: REFUSED, because: ['people/I-1'] },
    { says: 'nothing where nothing changes', candidate: ALLOWED, because: [] },
  ])('says of a change $says', ({ candidate, because }) => {
    expect(cellOf('sam', 'files/read', [called('a', ALLOWED, candidate)]).calls[0]?.because).toEqual(because);
  });

  it('changes with the reason, too', () => {
    expect(changesIn(matrixOf(called('a', DENIED, REFUSED), called('b', ALLOWED, ALLOWED)))).toHaveLength(1);
  });
});

describe('the CSV of a matrix', () => {
  it('has a row for each call, and the candidate beside it where there is one', () => {
    expect(matrixCsv(matrixOf(called('a', DENIED)))).toBe(
      'principal,tool,sample,effect,reasons,rules\r\nsam,files/read,a,deny,not_yours,owners/R-2\r\n',
    );
    expect(matrixCsv(matrixOf(called('a', ALLOWED, DENIED))).split('\r\n')[1]).toBe(
      'sam,files/read,a,allow,,files/S-1 owners/R-1,deny,not_yours,owners/R-2,yes,owners/R-1 owners/R-2',
    );
  });

  it('quotes what would end a cell, and what a spreadsheet would run', () => {
    const csv = matrixCsv(matrixOf(called('{"a":"x,y"}', ALLOWED), called('=cmd()', ALLOWED)));
    expect(csv).toContain('"{""a"":""x,y""}"');
    expect(csv).toContain(",'=cmd(),");
  });
});

describe('the page of a matrix', () => {
  const page = matrixHtml(matrixOf(called('<script>alert(1)</script>', ALLOWED, DENIED)));

  it('shows no markup of others', () => {
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('needs nothing from elsewhere, and runs no script but its own', () => {
    expect(page).not.toMatch(/(src|href)=/);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1];
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='$/);
  });

  it('says in words what changes and why', () => {
    expect(page).toContain('<summary>allow → deny</summary>');
    expect(page).toContain('<del>allow</del> <ins>deny (not_yours)</ins>');
    expect(page).toContain('because of owners/R-1, owners/R-2');
  });

  it('is one table with headings in rows and columns', () => {
    expect(page).toContain('<th scope="col">sam</th>');
    expect(page).toContain('<th scope="row">files/read</th>');
  });
});

describe('reports of cases', () => {
  const one = {
    file: 'a,b.yaml',
    line: 3,
    column: 5,
    name: 'A & B',
    principal: 'sam',
    tool: 'files/read',
    sample: '"x"',
  };
  const differs = { what: 'effect', expected: 'deny', got: 'allow' };
  const failed = { ...one, ok: false, effect: 'allow', reasons: [], differences: [differs], why: ['100 % <so>\n'] };
  const passed = { ...one, ok: true, effect: 'deny', reasons: ['no'], differences: [], why: [] };

  it('are well-formed for JUnit, whatever texts hold', () => {
    const report = junitReport([failed, { ...passed, sample: '\u0000' }]);
    expect(report).toContain('<testsuites tests="2" failures="1">');
    expect(report).toContain('classname="A &amp; B" name="sam calls files/read with &quot;x&quot;"');
    expect(report).toContain('<failure message="effect: expected deny, got allow">');
    expect(report).toContain('100 % &lt;so&gt;');
    expect(report).not.toContain('\u0000');
  });

  it('name the place for GitHub, and only what fails', () => {
    expect(githubReport([failed, passed])).toBe(
      '::error file=a%2Cb.yaml,line=3,col=5,title=policy test::A & B: sam calls files/read with "x"%0Aeffect: expected deny, got allow\n',
    );
  });
});
