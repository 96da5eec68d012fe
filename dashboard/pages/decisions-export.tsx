import type { JSX } from 'preact';

const FORMATS = { csv: 'CSV', jsonl: 'JSON lines', opa: 'OPA log' } as const;

/** What is searched, all of it, as a file. */
export function ExportLinks({ parameters }: { parameters: string }): JSX.Element {
  return (
    <div class="export">
      <span class="muted">Export</span>
      {Object.entries(FORMATS).map(([format, name]) => (
        <a
          key={format}
          class="button"
          href={`api/decisions/export?format=${format}${parameters === '' ? '' : `&${parameters}`}`}
          download
        >
          {name}
        </a>
      ))}
    </div>
  );
}
