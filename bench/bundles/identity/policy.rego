# METADATA
# title: Who may ask, from a table of agents
package bench_identity

import data.bench_identity.config
import data.gateway.v1.hosts

# METADATA
# title: The agent is known
# custom: {id: BID-101, remediation: Register the agent.}
deny contains {"id": "BID-101", "reason": "unknown_agent"} if not profile

# METADATA
# title: The agent is switched on
# custom: {id: BID-102, remediation: Ask the platform team.}
deny contains {"id": "BID-102", "reason": "agent_disabled"} if profile.enabled == false

# METADATA
# title: Nobody works for an agent that is unknown or switched off
# custom: {id: BID-103, remediation: Stop.}
deny contains {"id": "BID-103", "reason": "delegated_by_disabled_agent", "params": {"agent": agent}} if {
	some agent in input.agent.delegated_by
	not is_enabled(agent)
}

# METADATA
# title: The client has a plain name
# custom: {id: BID-104, remediation: Use a client with a plain name.}
deny contains {"id": "BID-104", "reason": "client_not_admitted"} if {
	not regex.match(config.clients, input.agent.client.name)
}

# METADATA
# title: The user is one of ours
# custom: {id: BID-105, remediation: Sign in with an address of the company.}
deny contains {"id": "BID-105", "reason": "user_outside_domain"} if {
	not hosts.address_within(input.user.id, config.domains)
}

# METADATA
# title: The user is still here
# custom: {id: BID-106, remediation: Ask the platform team.}
deny contains {"id": "BID-106", "reason": "user_revoked"} if config.revoked[input.user.id]

# METADATA
# title: The agent belongs to the team that it names
# custom: {id: BID-107, remediation: Correct the configuration of the agent.}
deny contains {"id": "BID-107", "reason": "wrong_team", "params": {"team": profile.team}} if {
	input.agent.owner_team != profile.team
}

# METADATA
# title: The id of an agent is plain
# custom: {id: BID-108, remediation: Rename the agent.}
deny contains {"id": "BID-108", "reason": "malformed_agent_id"} if {
	not regex.match(`^[a-z][a-z0-9-]{2,40}$`, input.agent.id)
}

# METADATA
# title: What the table gives the agent
# custom: {id: BID-201}
capabilities contains {"id": "BID-201", "kind": kind, "value": value} if {
	some kind, values in profile.capabilities
	some value in values
}

profile := config.agents[input.agent.id]

is_enabled(agent) if config.agents[agent].enabled
