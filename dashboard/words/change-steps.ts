import type { ChangeView } from '../../src/dashboard/api-policies.ts';

/** What can be done with a change, and what its button and its question say. */
export interface Deed {
  readonly step: 'test' | 'replay' | 'shadow' | 'enforce' | 'rollback' | 'drop';
  readonly name: string;
  readonly about: string;
  readonly needsReason: boolean;
}

const DEEDS: Readonly<Record<Deed['step'], Deed>> = {
  test: { step: 'test', name: 'Run its tests', about: '', needsReason: false },
  replay: {
    step: 'replay',
    name: 'Compare with real calls',
    about: '',
    needsReason: false,
  },
  shadow: {
    step: 'shadow',
    name: 'Let it watch',
    about: 'It sees every call from now on and says what it would have done. It decides nothing.',
    needsReason: false,
  },
  enforce: {
    step: 'enforce',
    name: 'Put it in force',
    about: 'From the next call on this version decides. You can roll it back at any time.',
    needsReason: true,
  },
  rollback: {
    step: 'rollback',
    name: 'Roll back',
    about: 'The version before it decides again, from the next call on.',
    needsReason: true,
  },
  drop: { step: 'drop', name: 'Give it up', about: 'Nothing was changed, and nothing will be.', needsReason: false },
};

/** What can be done now, the recommended step first. */
export function nextDeeds({ state, tests }: Pick<ChangeView, 'state' | 'tests'>): readonly Deed[] {
  const { test, replay, shadow, enforce, rollback, drop } = DEEDS;
  switch (state) {
    case 'candidate':
      return [test, drop];
    case 'tested':
      return tests !== undefined && tests.failed > 0 ? [drop, test] : [replay, drop];
    case 'replayed':
      return [shadow, enforce, drop];
    case 'shadowed':
      return [enforce, drop];
    case 'enforced':
      return [rollback];
    case 'rolled_back':
    case 'dropped':
      return [];
  }
}

/** The way of a change, and where on it the change is. */
export const CHANGE_WAY = ['candidate', 'tested', 'replayed', 'shadowed', 'enforced'] as const;
