/** What the configuration lets an agent reach; absent is everything. */
export interface AgentReach {
  readonly servers: readonly string[] | undefined;
  /** `<server>/<tool>`, where `*` may stand for either whole part. */
  readonly tools: readonly string[] | undefined;
}

/**
 * Whether a tool exists for an agent at all. What is no tool has the empty name: it is reached with its server, where
 * only tools are listed with any of its tools.
 */
export function isInReach(reach: AgentReach | undefined, server: string, tool: string): boolean {
  if (reach === undefined) return true;
  const { servers, tools } = reach;
  const reachesServer = servers === undefined || servers.some((pattern) => fits(pattern, server));
  return reachesServer && (tools === undefined || tools.some((pattern) => fitsTool(pattern, server, tool)));
}

function fitsTool(pattern: string, server: string, tool: string): boolean {
  const slash = pattern.indexOf('/');
  return fits(pattern.slice(0, slash), server) && (tool === '' || fits(pattern.slice(slash + 1), tool));
}

function fits(pattern: string, name: string): boolean {
  return pattern === '*' || pattern === name;
}
