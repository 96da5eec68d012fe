/**
 * Calls back with every line of a stream, as text.
 *
 * @param {import('node:stream').Readable} stream
 * @param {(line: string) => void} take
 */
export function readLines(stream, take) {
  /** @type {string[]} */
  let parts = [];
  stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      const line = text.slice(from, end);
      take(parts.length === 0 ? line : parts.join('') + line);
      parts = [];
      from = end + 1;
    }
    if (from < text.length) parts.push(text.slice(from));
  });
}
