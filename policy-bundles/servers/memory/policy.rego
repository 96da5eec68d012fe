# METADATA
# title: What an agent remembers
# description: |
#   A graph of notes, in a file of the user. What is written there is read back into later conversations.
package memory

import data.gateway.v1.secrets
import data.gateway.v1.tools
import data.memory.config

# METADATA
# title: What is remembered is read
# custom:
#   id: MEM-101
#   owner: mcp-gateway shelf
allow contains {"id": "MEM-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Notes are added, and deleted
# custom:
#   id: MEM-102
#   owner: mcp-gateway shelf
allow contains {"id": "MEM-102", "reason": "noting"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: A call changes only so many notes
# custom:
#   id: MEM-201
#   remediation: Change at most {limit} at once; these are {number}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "MEM-201", "reason": "too_many_entries", "params": {"number": number, "limit": config.most_entries}} if {
	some name in ["entities", "relations", "observations", "entityNames", "deletions"]
	number := count(input.action.args[name])
	number > config.most_entries
}

# METADATA
# title: No secret is remembered
# description: What is remembered lies in a file in the clear, and is read back into every later conversation.
# custom:
#   id: MEM-202
#   remediation: Leave the key or token out; note where the user keeps it instead.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "MEM-202", "reason": "secret_in_notes"} if {
	input.action.effect == "write"
	secrets.in_value(input.action.args)
}

# METADATA
# title: Notes are deleted, and nothing brings them back
# custom:
#   id: MEM-301
#   owner: mcp-gateway shelf
obligations contains {"id": "MEM-301", "type": "require_approval", "by": "user", "remember": "pin"} if input.action.effect == "destroy"

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: MEM-190
#   owner: mcp-gateway shelf
allow contains {"id": "MEM-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: MEM-390
#   owner: mcp-gateway shelf
obligations contains {"id": "MEM-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.memory.tools, input.action)
