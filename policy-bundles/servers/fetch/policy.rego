# METADATA
# title: Pages of the internet
# description: |
#   The tool fetches any address for the agent: into the network that the server stands in, and out of it with whatever
#   the address says.
package fetch

import data.fetch.config
import data.gateway.v1.hosts
import data.gateway.v1.secrets
import data.gateway.v1.tools

# METADATA
# title: Pages are fetched
# custom:
#   id: FETCH-101
#   owner: mcp-gateway shelf
allow contains {"id": "FETCH-101", "reason": "fetching"} if is_known

# METADATA
# title: An address leads to the public internet
# description: |
#   Not to this machine, its network or the metadata of a cloud, where the server reaches what the agent should not; not
#   to files.
# custom:
#   id: FETCH-201
#   remediation: Name a whole http or https address of a host of the public internet.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FETCH-201", "reason": "not_public"} if {
	url := input.action.args.url
	not goes_out(url)
}

# METADATA
# title: Pages come from the hosts that are open to agents
# custom:
#   id: FETCH-202
#   remediation: Fetch from one of {hosts}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FETCH-202", "reason": "other_host", "params": {"hosts": concat(", ", config.hosts)}} if {
	count(config.hosts) > 0
	not hosts.allowed(input.action.args.url, config.hosts)
}

# METADATA
# title: No secret leaves in an address
# custom:
#   id: FETCH-203
#   remediation: Take the key or token out of the address.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FETCH-203", "reason": "secret_in_address"} if secrets.in_text(input.action.args.url)

# METADATA
# title: An address is only so long
# description: A long address carries text out rather than naming a page.
# custom:
#   id: FETCH-204
#   remediation: Use an address of at most {limit} characters.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FETCH-204", "reason": "too_long", "params": {"limit": config.most_characters}} if count(input.action.args.url) > config.most_characters

goes_out(url) if hosts.is_public(url)

# An administrator who names a host of their own network means it.
goes_out(url) if {
	hosts.is_web(url)
	hosts.allowed(url, config.hosts)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: FETCH-190
#   owner: mcp-gateway shelf
allow contains {"id": "FETCH-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: FETCH-390
#   owner: mcp-gateway shelf
obligations contains {"id": "FETCH-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.fetch.tools, input.action)
