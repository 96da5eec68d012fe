# METADATA
# title: Who may ask at all, and what each agent may reach at most
package northwind_identity

import data.northwind_identity.config

# METADATA
# title: The agent is known
# custom:
#   id: ID-101
#   remediation: Ask the platform team to register the agent {agent}.
#   remedy: register_the_agent
#   appeal_path: https://northwind.example/platform/agents
#   owner: platform team
#   control: SOC2-CC6.1
deny contains {"id": "ID-101", "reason": "unknown_agent", "params": {"agent": input.agent.id}} if {
	not config.agents[input.agent.id]
}

# METADATA
# title: The agent is switched on
# custom:
#   id: ID-102
#   remediation: Ask the platform team why {agent} is switched off.
#   remedy: ask_the_platform_team
#   appeal_path: https://northwind.example/platform/agents
#   owner: platform team
#   control: SOC2-CC6.2
deny contains {"id": "ID-102", "reason": "agent_disabled", "params": {"agent": input.agent.id}} if {
	not config.agents[input.agent.id].enabled
	config.agents[input.agent.id]
}

# METADATA
# title: Nobody works for an agent that is unknown or switched off
# custom:
#   id: ID-103
#   remediation: Stop; the work was asked for by {agent}, which may not ask.
#   remedy: stop
#   owner: platform team
#   control: SOC2-CC6.1
deny contains {"id": "ID-103", "reason": "delegated_by_disabled_agent", "params": {"agent": agent}} if {
	some agent in input.agent.delegated_by
	not is_enabled(agent)
}

# METADATA
# title: What the platform team gave the agent
# custom: {id: ID-201}
capabilities contains {"id": "ID-201", "kind": kind, "value": value} if {
	some kind, values in config.agents[input.agent.id].capabilities
	some value in values
}

is_enabled(agent) if config.agents[agent].enabled
