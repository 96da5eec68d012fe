# METADATA
# title: Overrides, as long as the organisation has said nothing
# description: Nothing is permitted beyond what the other layers allow. The emergency stop is there from the first day.
package starter_override

import data.starter_override.config

# METADATA
# title: A server that is stopped is not called
# custom:
#   id: STO-201
#   remediation: Stop, and tell the user that {server} is stopped in the gateway's policy.
#   remedy: stop
deny contains {"id": "STO-201", "reason": "server_stopped", "params": {"server": input.server.id}} if {
	input.server.id in config.stopped_servers
}
