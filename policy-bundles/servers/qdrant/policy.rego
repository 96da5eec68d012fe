# METADATA
# title: What an agent remembers, in Qdrant
# description: |
#   What is stored is read back into later conversations.
package qdrant

import data.gateway.v1.secrets
import data.gateway.v1.tools
import data.qdrant.config

# METADATA
# title: What is stored is found
# custom:
#   id: QDRANT-101
#   owner: mcp-gateway shelf
allow contains {"id": "QDRANT-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Notes are stored
# custom:
#   id: QDRANT-102
#   owner: mcp-gateway shelf
allow contains {"id": "QDRANT-102", "reason": "noting"} if {
	is_known
	input.action.effect == "write"
}

# METADATA
# title: No secret is stored
# custom:
#   id: QDRANT-201
#   remediation: Leave the key or token out; note where the user keeps it instead.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "QDRANT-201", "reason": "secret_in_notes"} if {
	input.action.effect == "write"
	secrets.in_value(input.action.args)
}

# METADATA
# title: A note is only so long
# custom:
#   id: QDRANT-202
#   remediation: Store at most {limit} characters at once.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "QDRANT-202", "reason": "too_long", "params": {"limit": config.most_characters}} if count(input.action.args.information) > config.most_characters

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: QDRANT-190
#   owner: mcp-gateway shelf
allow contains {"id": "QDRANT-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: QDRANT-390
#   owner: mcp-gateway shelf
obligations contains {"id": "QDRANT-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.qdrant.tools, input.action)
