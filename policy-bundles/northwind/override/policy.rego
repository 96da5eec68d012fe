# METADATA
# title: Exceptions for a while, and emergency stops
# description: |
#   Both are data, so that an incident needs no Rego. The gateway holds each permit to its time and to two people; what has expired
#   lifts nothing.
package northwind_override

import data.gateway.v1.globs
import data.northwind_override.config

# METADATA
# title: Two people permitted it for a while
# custom:
#   id: OVR-101
#   owner: incident management
#   control: SOC2-CC7.4
permit contains {
	"id": "OVR-101", "lifts": entry.lifts,
	"requested_by": entry.requested_by, "approved_by": entry.approved_by, "justification": entry.justification,
	"not_before": entry.not_before, "expires_at": entry.expires_at,
} if {
	some entry in config.permits
	names_call(entry)
	every name, value in entry.args {
		input.action.args[name] == value
	}
}

# METADATA
# title: An emergency stop holds
# custom:
#   id: OVR-201
#   remediation: Stop; incident {incident} holds. Ask incident management when it is over.
#   remedy: wait_for_the_end_of_the_incident
#   retry: after
#   appeal_path: https://northwind.example/incidents
#   owner: incident management
#   control: SOC2-CC7.4
deny contains {"id": "OVR-201", "reason": "emergency_stop", "params": {"incident": block.incident}} if {
	some block in config.blocks
	names_call(block)
}

names_call(entry) if {
	globs.matches_any(entry.agents, input.agent.id)
	globs.matches_any(entry.servers, input.server.id)
	globs.matches_any(entry.tools, input.action.tool)
}
