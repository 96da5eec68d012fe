// Inputs on which every demo server fails in one known way, so that a test can cause a failure without faking a server.

/** @typedef {{ content: { type: 'text', text: string }[], isError?: boolean }} SentinelResult */

/**
 * Obeys a sentinel, or returns `undefined` when `value` is none.
 *
 * | value      | what happens                                                          |
 * | ---------- | --------------------------------------------------------------------- |
 * | `/timeout` | the call is never answered                                            |
 * | `/exit`    | the process ends with status 0, the call is never answered            |
 * | `/crash`   | the process ends with an uncaught exception, the call is not answered |
 * | `/junk`    | a line that is not JSON-RPC is written to stdout, then a good answer  |
 * | `/error`   | the answer is a tool error                                            |
 *
 * @param {unknown} value
 * @returns {Promise<SentinelResult | undefined>}
 */
export async function obeySentinel(value) {
  switch (value) {
    case '/timeout':
      return new Promise(() => {});
    case '/exit':
      return process.exit(0);
    case '/crash':
      setImmediate(() => {
        throw new Error('crashed as asked by the input "/crash"');
      });
      return new Promise(() => {});
    case '/junk':
      process.stdout.write('this line is not JSON-RPC\n');
      return { content: [{ type: 'text', text: 'answered after a line of junk' }] };
    case '/error':
      return { content: [{ type: 'text', text: 'failed as asked by the input "/error"' }], isError: true };
    default:
      return undefined;
  }
}
