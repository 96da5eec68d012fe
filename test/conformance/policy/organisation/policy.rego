# METADATA
# title: An organisation that runs the conformance suite
package conformance_organisation

import data.conformance_organisation.config

# METADATA
# title: What the servers under test offer is open
# custom: {id: CO-101}
allow contains {"id": "CO-101", "reason": "server_under_test"} if {
	input.server.id in config.servers
}
