# METADATA
# title: Exceptions for a while, and emergency stops, from a table
package bench_override

import data.bench_override.config

# METADATA
# title: Two people permitted it for a while
# custom: {id: BOVR-101}
permit contains object.union({"id": "BOVR-101"}, entry) if {
	entry := config.permits[concat("/", [input.agent.id, input.server.id, input.action.tool])]
}

# METADATA
# title: A server is stopped
# custom: {id: BOVR-201, remediation: 'Wait for the end of {incident}.', retry: after}
deny contains {"id": "BOVR-201", "reason": "emergency_stop", "params": {"incident": incident}} if {
	incident := config.stopped[input.server.id]
}

# METADATA
# title: A network is cut off
# custom: {id: BOVR-202, remediation: 'Leave {host} out.', retry: with_changes}
deny contains {"id": "BOVR-202", "reason": "network_cut_off", "params": {"host": host}} if {
	some host in input.action.args.hosts
	regex.match(`^[0-9.]+$`, host)
	some network in config.networks
	net.cidr_contains(network, host)
}

# METADATA
# title: What an attack looks like is stopped
# custom: {id: BOVR-203, remediation: Stop.}
deny contains {"id": "BOVR-203", "reason": "looks_like_an_attack"} if {
	some pattern in config.patterns
	regex.match(pattern, input.action.args.text)
}
