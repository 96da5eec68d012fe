# METADATA
# title: The server that tries out every part of the protocol
# description: |
#   Made for tests of clients. Two of its tools reach further than a test should.
package everything

import data.everything.config
import data.gateway.v1.hosts
import data.gateway.v1.tools

# METADATA
# title: The tests of the protocol run
# custom:
#   id: EVERY-101
#   owner: mcp-gateway shelf
allow contains {"id": "EVERY-101", "reason": "trying_out"} if is_known

# METADATA
# title: The environment of the server is not read
# description: It holds the tokens of whoever started the server.
# custom:
#   id: EVERY-201
#   remediation: Ask the user for the one setting that you need.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "EVERY-201", "reason": "reads_environment"} if input.action.tool == "get-env"

# METADATA
# title: What is fetched comes from the public internet
# description: An address of this machine or its network would be read with the rights of the server.
# custom:
#   id: EVERY-202
#   remediation: "Name an https address of the public internet{among}, or pass the data itself as a data: address."
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "EVERY-202", "reason": "not_public", "params": {"among": among}} if {
	url := input.action.args.data
	input.action.tool == "gzip-file-as-resource"
	not startswith(url, "data:")
	not may_be_fetched(url)
}

# METADATA
# title: An operation runs only so long
# custom:
#   id: EVERY-203
#   remediation: Let it run at most {limit} seconds.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "EVERY-203", "reason": "too_long", "params": {"limit": config.most_seconds}} if {
	seconds := input.action.args.duration
	input.action.tool == "trigger-long-running-operation"
	seconds > config.most_seconds
}

may_be_fetched(url) if {
	hosts.is_public(url)
	count(config.hosts) == 0
}

may_be_fetched(url) if {
	hosts.is_web(url)
	hosts.allowed(url, config.hosts)
}

among := "" if count(config.hosts) == 0

among := sprintf(", at one of %s", [concat(", ", config.hosts)]) if count(config.hosts) > 0

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: EVERY-190
#   owner: mcp-gateway shelf
allow contains {"id": "EVERY-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: EVERY-390
#   owner: mcp-gateway shelf
obligations contains {"id": "EVERY-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.everything.tools, input.action)
