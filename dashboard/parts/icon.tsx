import type { JSX } from 'preact';

/** Lines in a square of 24, as `d` of a path. */
const PATHS = {
  overview: 'M4 20V10M10 20V4M16 20v-8M21 20H3',
  decisions: 'M4 6h16M4 12h16M4 18h10',
  report: 'M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h5',
  approvals: 'M4 13l3-8h10l3 8v6H4zM4 13h5a3 3 0 0 0 6 0h5',
  policies: 'M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z',
  change: 'M7 4v10a3 3 0 0 0 3 3h7M14 13l4 4-4 4M7 4a2 2 0 1 0 0 .01',
  servers: 'M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01',
  clients: 'M3 5h18v11H3zM8 20h8M12 16v4',
  agents: 'M7 9h10v9H7zM12 9V5M9.5 13h.01M14.5 13h.01M4 12v3M20 12v3',
  allow: 'M5 12.5l4.5 4.5L19 7.5',
  deny: 'M7 7l10 10M17 7L7 17',
  pending: 'M12 7v5l3 2M12 3.5a8.5 8.5 0 1 0 .01 0',
  warn: 'M12 4l9 16H3zM12 10v4M12 17h.01',
  menu: 'M4 7h16M4 12h16M4 17h16',
  sun: 'M12 8a4 4 0 1 0 .01 0M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.500 17.500L19 19M5 19l1.500-1.500M17.500 6.500L19 5',
  moon: 'M20 14a8 8 0 1 1-9-10 6.500 6.500 0 0 0 9 10z',
  screen: 'M3 5h18v11H3zM9 20h6',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  next: 'M9 6l6 6-6 6',
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside words that say the same, so nobody has to see it. */
export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
