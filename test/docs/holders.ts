/**
 * Tests that go through a page in its order, because its commands need servers, people or a clock of theirs. The
 * commands of all other pages are run by `npm run test:docs`.
 */
export const COMMANDS_RUN_BY: Readonly<Record<string, string>> = {
  'README.md': 'test/e2e/readme.test.ts',
  'docs/authentication.md': 'test/e2e/authentication.test.ts',
  'docs/write-a-bundle.md': 'test/bundles/authoring.test.ts',
  'docs/evidence.md': 'test/cli/evidence.test.ts',
  'docs/generations.md': 'test/e2e/generations.test.ts',
  'docs/overrides.md': 'test/cli/overrides.test.ts',
  'docs/policy-guide.md': 'test/bundles/policy-guide.test.ts',
  'docs/replay.md': 'test/cli/replay.test.ts',
  'docs/run-for-a-team.md': 'test/e2e/page-walks.ts',
  'docs/servers.md': 'test/e2e/server-units.test.ts',
  'docs/signing.md': 'test/cli/signing-page.test.ts',
  'docs/sources.md': 'test/source/sources-page.ts',
  'docs/testing-policies.md': 'test/bundles/testing-policies.test.ts',
};

/** Tests that compile and try the rules of a page; those of all other pages are compiled here. */
export const RULES_TRIED_BY: Readonly<Record<string, string>> = {
  'docs/agents.md': 'test/e2e/agents.test.ts',
  'docs/approvals.md': 'test/bundles/approvals.test.ts',
  'docs/authentication.md': 'test/e2e/authentication.test.ts',
  'docs/write-a-bundle.md': 'test/bundles/authoring.test.ts',
  'docs/budgets.md': 'test/bundles/budgets.test.ts',
  'docs/generations.md': 'test/e2e/generations.test.ts',
  'docs/information-flow.md': 'test/bundles/information-flow.test.ts',
  'docs/methods.md': 'test/bundles/methods.test.ts',
  'docs/obligations.md': 'test/bundles/obligations.test.ts',
  'docs/overrides.md': 'test/cli/overrides.test.ts',
  'docs/policy-guide.md': 'test/bundles/policy-guide.test.ts',
  'docs/replay.md': 'test/cli/replay.test.ts',
  'docs/signing.md': 'test/cli/signing-page.test.ts',
};
