import type { ChangesView } from '../../src/dashboard/api-policies.ts';

/** One change that would open something, one in force, and what was in force before. */
export function fakeChanges(nowMs: number): ChangesView {
  const time = (minutes: number): string => new Date(nowMs - minutes * 60_000).toISOString();
  return {
    changes: [
      {
        id: 'change-2',
        bundle: 'workflow',
        source: './policies/workflow',
        digest: 'ab12cd34ef56ab12',
        state: 'replayed',
        steps: [
          { step: 'candidate', time: time(30), person: 'user:ana', reason: '' },
          { step: 'tested', time: time(28), person: 'user:ana', reason: '' },
          { step: 'replayed', time: time(20), person: 'user:ana', reason: '' },
        ],
        rules: [
          { change: 'other', rule: 'workflow/WF-302', title: 'Refunds above 80 EUR are made by people' },
          { change: 'new', rule: 'workflow/WF-310', title: 'Nothing is merged on a Friday evening' },
        ],
        tests: { passed: 41, failed: 0, problems: [] },
        replay: {
          replayed: 3412,
          classes: { same: 3360, allow_to_deny: 9, deny_to_allow: 41, not_replayable: 2 },
          groups: [
            {
              class: 'deny_to_allow',
              rules: ['workflow/WF-302'],
              count: 41,
              example: '019a7b00-0000-7000-8000-000000000399',
            },
            {
              class: 'allow_to_deny',
              rules: ['workflow/WF-310'],
              count: 9,
              example: '019a7b00-0000-7000-8000-000000000397',
            },
          ],
        },
      },
      {
        id: 'change-1',
        bundle: 'payments',
        source: 'npm payments-mcp 3.1.0',
        digest: '77aa88bb99cc00dd',
        state: 'enforced',
        steps: [
          { step: 'candidate', time: time(900), person: 'user:jonas', reason: '' },
          { step: 'enforced', time: time(890), person: 'user:jonas', reason: 'New version of the server' },
        ],
        rules: [],
        tests: { passed: 12, failed: 0, problems: [] },
        shadow: { seen: 204, wouldChange: 0 },
      },
    ],
    generations: [
      { generation: '4c1f0e2ab95d', time: time(890), why: 'enforced by ana', inForce: true, changes: ['payments'] },
      { generation: '0b7e11aa23cd', time: time(6000), why: 'started', inForce: false, changes: [] },
    ],
  };
}
