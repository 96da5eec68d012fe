import { join, resolve } from 'node:path';

const PACKAGES = resolve('test/conformance/node_modules');

/** The suite runs on a Node of its own; the gateway and the upstream on the one that runs the tests. */
export const NODE = join(PACKAGES, 'node/bin/node');

/** Where `@modelcontextprotocol/conformance` is installed. */
export const SUITE = join(PACKAGES, '@modelcontextprotocol/conformance');

/** Revisions of the protocol for which the suite has a frozen list of requirements. */
export const REVISIONS = ['2025-11-25', '2026-07-28'] as const;
export type Revision = (typeof REVISIONS)[number];

/** How many scenarios a server must pass. */
export const SCORES: Readonly<Record<Revision, string>> = { '2025-11-25': '30/30', '2026-07-28': '37/37' };
