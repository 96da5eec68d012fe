import type { Day } from './day.ts';

/** A part of the day: what happens, and how it must end. */
export interface Act {
  readonly title: string;
  readonly play: (day: Day) => Promise<void> | void;
}

const change = { path: 'src/index.js', content: 'console.log("hello")\n', message: 'Say hello' };
const outside = { to: 'kim@contoso.example', subject: 'Numbers', body: 'Here they are.' };
const merge = { repository: 'website', number: 1 };
const publish = { repository: 'website', branch: 'fix/hello', path: 'notes.md', content: 'Done.\n', message: 'Notes' };

export const ACTS: readonly Act[] = [
  {
    title: 'Reading code: the author’s bundle grants it, so does the organisation’s',
    play: (day) => day.allowed('code-host__read_file', { repository: 'website', path: 'README.md' }),
  },
  {
    title: 'A commit to main: denied by the bundle that ships with the server',
    play: (day) => day.denied('code-host__commit_file', { repository: 'website', branch: 'main', ...change }),
  },
  {
    title: 'So the agent does what the denial advised: a branch …',
    play: (day) => day.allowed('code-host__create_branch', { repository: 'website', branch: 'fix/hello' }),
  },
  {
    title: '… the same commit there …',
    play: (day) => day.allowed('code-host__commit_file', { repository: 'website', branch: 'fix/hello', ...change }),
  },
  {
    title: '… and a pull request',
    play: (day) =>
      day.allowed('code-host__open_pull_request', { repository: 'website', title: 'Say hello', head: 'fix/hello' }),
  },
  {
    title: 'Merging it waits for an owner of the repository: the agent is told to ask, and no command',
    play: (day) => day.pending('code-host__merge_pull_request', merge),
  },
  {
    title:
      'Dana, an owner, looks at the exact call and approves it with a key of her own; the same call then runs, once',
    play: async (day) => {
      const { key } = day.read('key', 'create', '--role', 'approver', '--groups', 'repo-owners', '--user', 'dana');
      const { approvals } = day.read('approval', 'ls', '--status', 'pending');
      day.run(['approval', 'approve', firstId(approvals)], { MCP_GATEWAY_APPROVER_KEY: String(key) });
      await day.allowed('code-host__merge_pull_request', merge);
    },
  },
  {
    title: 'A refund of 900 euros: above the author’s limit',
    play: (day) => day.denied('payments__create_refund', { charge_id: 'ch_1002', amount: 90_000 }),
  },
  {
    title: 'A refund of 25 euros: allowed, and marked for the audit by compliance',
    play: (day) => day.allowed('payments__create_refund', { charge_id: 'ch_1002', amount: 2_500 }),
  },
  {
    title: 'A refund of 60 euros: the author wants the user to confirm it, and the user does',
    play: (day) => day.allowed('payments__create_refund', { charge_id: 'ch_1002', amount: 6_000 }),
  },
  {
    title: 'Arguments that do not fit the tool’s schema never reach a policy',
    play: (day) => day.denied('payments__create_refund', { charge_id: 'ch_1002', amount: '2500' }),
  },
  {
    title: 'Counting customers: allowed',
    play: (day) =>
      day.allowed('warehouse__run_query', { sql: 'SELECT country, count(*) FROM customers GROUP BY country' }),
  },
  {
    title: 'Exporting them: denied by the organisation’s compliance bundle',
    play: (day) => day.denied('warehouse__export_table', { table: 'customers', file: 'customers.csv' }),
  },
  {
    title: 'Reading some of them: policy decides on the result, too, and blacks out a column',
    play: (day) =>
      day.allowed('warehouse__run_query', { sql: 'SELECT name, phone FROM customers ORDER BY id LIMIT 2' }),
  },
  {
    title: 'A result with the number of a card is withheld; the agent learns that the call ran',
    play: (day) => day.denied('warehouse__run_query', { sql: "SELECT '4111 1111 1111 1111' AS note LIMIT 1" }),
  },
  {
    title: 'A message to the outside: denied, with the tool to use instead',
    play: (day) => day.denied('outbox__send_message', outside),
  },
  {
    title: 'What strangers wrote: now the conversation has seen untrusted text and private data …',
    play: (day) => day.allowed('code-host__list_pull_requests', { repository: 'website' }),
  },
  {
    title: '… so nothing is published from it any more, whatever the text may have told the agent',
    play: (day) => day.denied('code-host__commit_file', publish),
  },
  {
    title: 'Two people have looked at it and clear the labels; who and why is on record',
    play: async (day) => {
      const conversation = firstOf(day.read('label', 'ls')['labels'], 'conversation');
      const clear = (label: string, reason: string): void =>
        day.run(['label', 'clear', label, '--conversation', conversation, '--reason', reason]);
      clear('untrusted_content', 'Nothing in the pull requests is addressed to an agent');
      clear('customer_pii', 'The two names are those of test customers');
      await day.allowed('code-host__commit_file', publish);
    },
  },
  {
    title: 'A week’s budget runs out: from 80 % on the agent is warned, at 100 % it is told when the next week begins',
    play: async (day) => {
      day.run(['budget', 'adjust', WEEKLY, '--to', '999', '--reason', 'A long week, for the demo']);
      await day.warned('outbox__list_messages', {});
      await day.denied('outbox__list_messages', {});
      day.run(['budget', 'adjust', WEEKLY, '--to', '40', '--reason', 'The demo goes on']);
    },
  },
  {
    title: 'A commit to checkout’s main during incident INC-7: the override lifts exactly this denial',
    play: async (day) => {
      await day.allowed('code-host__commit_file', { repository: 'checkout', branch: 'main', ...change });
      day.run(['policy', 'overrides']);
    },
  },
  {
    title: 'The same call again and again is a loop; a denial that is not listened to gets shorter',
    play: async (day) => {
      const same = { repository: 'website' };
      await day.quietly(9, 'code-host__list_branches', same);
      await day.denied('code-host__list_branches', same);
      await day.quietly(1, 'code-host__list_branches', same);
      await day.denied('code-host__list_branches', same);
    },
  },
  {
    title: 'A subagent sees what it is for and no more: the refund that its parent may make does not exist for it',
    play: async (day) => {
      day.run(['agent', 'show', 'coding-reviewer']);
      await day.as('coding-reviewer', async (reviewer) => {
        await reviewer.allowed('code-host__read_file', { repository: 'website', path: 'README.md' });
        await reviewer.denied('payments__create_refund', { charge_id: 'ch_1002', amount: 100 });
      });
    },
  },
  {
    title: 'Thirty calls a minute, says the organisation: the next one is told when to go on',
    play: (day) =>
      day.as('coding-reviewer', (reviewer) =>
        reviewer.untilDenied(MOST_CALLS, 'code-host__search_code', (time) => {
          return { repository: 'website', text: `hello ${time}` };
        }),
      ),
  },
  {
    title: 'A query without end: the author’s bundle gives it so many seconds, and the gateway gives it up',
    play: (day) =>
      day.givenUp('warehouse__run_query', { sql: 'SELECT count(*) FROM orders a, orders b, orders c, orders d' }),
  },
];

/** In any two minutes of the clock at most twice the limit passes. */
const MOST_CALLS = 61;

const WEEKLY = 'workflow/weekly_work';

function firstId(list: unknown): string {
  return firstOf(list, 'id');
}

function firstOf(list: unknown, member: string): string {
  const [first] = list as readonly Readonly<Record<string, unknown>>[];
  return String(first?.[member]);
}
