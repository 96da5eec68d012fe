import type { JSX } from 'preact';

/** JSON as it is, indented. */
export function JsonView({ value, label }: { value: unknown; label: string }): JSX.Element {
  return (
    <pre class="code" tabIndex={0} role="group" aria-label={label}>
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}
