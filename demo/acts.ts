/** One call of the day, and how it must end. */
export interface Act {
  readonly title: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly expected: 'allow' | 'deny';
}

const change = { path: 'src/index.js', content: 'console.log("hello")\n', message: 'Say hello' };

export const ACTS: readonly Act[] = [
  {
    title: 'Reading code: the author’s bundle grants it, so does the organisation’s',
    tool: 'code-host__read_file',
    args: { repository: 'website', path: 'README.md' },
    expected: 'allow',
  },
  {
    title: 'A commit to main: denied by the bundle that ships with the server',
    tool: 'code-host__commit_file',
    args: { repository: 'website', branch: 'main', ...change },
    expected: 'deny',
  },
  {
    title: 'So the agent does what the denial advised: a branch …',
    tool: 'code-host__create_branch',
    args: { repository: 'website', branch: 'fix/hello' },
    expected: 'allow',
  },
  {
    title: '… the same commit there …',
    tool: 'code-host__commit_file',
    args: { repository: 'website', branch: 'fix/hello', ...change },
    expected: 'allow',
  },
  {
    title: '… and a pull request',
    tool: 'code-host__open_pull_request',
    args: { repository: 'website', title: 'Say hello', head: 'fix/hello' },
    expected: 'allow',
  },
  {
    title: 'A refund of 900 euros: above the author’s limit',
    tool: 'payments__create_refund',
    args: { charge_id: 'ch_1002', amount: 90_000 },
    expected: 'deny',
  },
  {
    title: 'A refund of 25 euros: allowed, and marked for the audit by compliance',
    tool: 'payments__create_refund',
    args: { charge_id: 'ch_1002', amount: 2_500 },
    expected: 'allow',
  },
  {
    title: 'A refund of 60 euros: the author wants the user to confirm it, and the user does',
    tool: 'payments__create_refund',
    args: { charge_id: 'ch_1002', amount: 6_000 },
    expected: 'allow',
  },
  {
    title: 'Arguments that do not fit the tool’s schema never reach a policy',
    tool: 'payments__create_refund',
    args: { charge_id: 'ch_1002', amount: '2500' },
    expected: 'deny',
  },
  {
    title: 'Counting customers: allowed',
    tool: 'warehouse__run_query',
    args: { sql: 'SELECT country, count(*) FROM customers GROUP BY country' },
    expected: 'allow',
  },
  {
    title: 'Exporting them: denied by the organisation’s compliance bundle',
    tool: 'warehouse__export_table',
    args: { table: 'customers', file: 'customers.csv' },
    expected: 'deny',
  },
  {
    title: 'A message to the outside: denied, with the tool to use instead',
    tool: 'outbox__send_message',
    args: { to: 'kim@contoso.example', subject: 'Numbers', body: 'Here they are.' },
    expected: 'deny',
  },
  {
    title: 'A commit to checkout’s main during incident INC-7: the override lifts exactly this denial',
    tool: 'code-host__commit_file',
    args: { repository: 'checkout', branch: 'main', ...change },
    expected: 'allow',
  },
];
