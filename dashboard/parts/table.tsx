import type { ComponentChildren, JSX } from 'preact';

interface TableProps {
  readonly caption: string;
  readonly head: readonly string[];
  readonly children: ComponentChildren;
  /** On a narrow page each row becomes a block; cells say the name of their column in `data-label`. */
  readonly stacks?: boolean;
}

/** A table with a caption. What is too wide scrolls by itself, by keyboard too. */
export function Table({ caption, head, children, stacks = false }: TableProps): JSX.Element {
  return (
    <div class="table-frame" tabIndex={0} role="group" aria-label={caption}>
      <table class={stacks ? 'stacks' : undefined}>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
