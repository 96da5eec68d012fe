# METADATA
# title: What the owners of servers and data give to agents
package northwind_resource

import data.gateway.v1.globs
import data.northwind_resource.config

# METADATA
# title: An owner gave the agent this tool
# custom: {id: RES-101}
allow contains {"id": "RES-101", "reason": "granted_by_owner", "params": {"owner": grant.owner}} if {
	some grant in covering_grants
}

# METADATA
# title: A repository is open to agents that its owner named
# custom:
#   id: RES-201
#   remediation: Work in a repository that is open to you, or ask the owner of {repository} for access.
#   remedy: ask_the_owner
#   alternatives: [list_repositories]
#   retry: with_changes
#   appeal_path: https://northwind.example/platform/grants
#   owner: platform team
#   control: SOC2-CC6.3
deny contains {"id": "RES-201", "reason": "repository_not_granted", "params": {"repository": input.action.args.repository}} if {
	count(grants) > 0
	has_repository
	count(covering_grants) == 0
}

# METADATA
# title: Tools that an agent never needs are not shown to it
# custom: {id: RES-301}
hide contains {"id": "RES-301", "reason": "not_for_this_agent"} if {
	some hidden in config.hidden
	covers(hidden)
}

grants contains grant if {
	some grant in config.grants
	covers(grant)
}

covers(entry) if {
	globs.matches_any(entry.agents, input.agent.id)
	globs.matches_any(entry.servers, input.server.id)
	globs.matches_any(entry.tools, input.action.tool)
}

has_repository if is_string(input.action.args.repository)

covering_grants contains grant if {
	some grant in grants
	not has_repository
}

covering_grants contains grant if {
	some grant in grants
	globs.matches_any(grant.repositories, input.action.args.repository)
}
