# METADATA
# title: Identity, as long as the organisation has said nothing
# description: Every agent may ask and no capability is limited.
package starter_identity

import data.starter_identity.config

# METADATA
# title: An agent that is switched off may not ask
# custom:
#   id: STI-201
#   remediation: Stop, and tell the user that the agent {agent} is switched off in the gateway's policy.
#   remedy: stop
deny contains {"id": "STI-201", "reason": "agent_disabled", "params": {"agent": agent}} if {
	some agent in array.concat([input.agent.id], input.agent.delegated_by)
	agent in config.disabled_agents
}
