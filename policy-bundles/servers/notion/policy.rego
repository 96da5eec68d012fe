# METADATA
# title: Pages of Notion
# description: |
#   The server marks searches as destructive, and what deletes like what adds. This policy tells them apart.
package notion

import data.gateway.v1.secrets
import data.gateway.v1.tools
import data.notion.config

# METADATA
# title: Pages, blocks and comments are read
# custom:
#   id: NOTE-101
#   owner: mcp-gateway shelf
allow contains {"id": "NOTE-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Pages, blocks and comments are written
# custom:
#   id: NOTE-102
#   owner: mcp-gateway shelf
allow contains {"id": "NOTE-102", "reason": "writing"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: Nothing is put in the trash
# custom:
#   id: NOTE-201
#   remediation: Leave it, and tell the user which page or block can go; or move its content.
#   remedy: leave_it
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "NOTE-201", "reason": "deletes"} if {
	not config.allow_deleting
	is_deletion
}

# METADATA
# title: No secret is written into a page
# custom:
#   id: NOTE-202
#   remediation: Leave the key or token out; note where it is kept instead.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "NOTE-202", "reason": "secret_in_page"} if {
	input.action.effect in {"write", "destroy"}
	secrets.in_value(input.action.args)
}

# METADATA
# title: A page or block is put in the trash
# custom:
#   id: NOTE-301
#   owner: mcp-gateway shelf
obligations contains {"id": "NOTE-301", "type": "require_approval", "by": "user", "remember": "never"} if is_deletion

# METADATA
# title: What is written in Notion is replaced or moved
# custom:
#   id: NOTE-302
#   owner: mcp-gateway shelf
obligations contains {"id": "NOTE-302", "type": "require_approval", "by": "user", "remember": "pin"} if {
	input.action.effect == "destroy"
	not is_deletion
}

# METADATA
# title: Something is written in Notion in the name of the integration
# custom:
#   id: NOTE-303
#   owner: mcp-gateway shelf
obligations contains {"id": "NOTE-303", "type": "require_approval", "by": "user", "remember": "pin"} if input.action.effect == "write"

is_deletion if input.action.tool == "API-delete-a-block"

is_deletion if {
	input.action.effect == "destroy"
	some name in ["archived", "in_trash"]
	input.action.args[name] == true
}

# Some of what the tool takes as an object it takes as JSON in a text, too.
is_deletion if {
	input.action.tool == "API-update-page-markdown"
	walk(input.action.args, [_, part])
	regex.match(`"?allow_deleting_content\\*"?\s*:\s*true`, json.marshal(part))
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: NOTE-190
#   owner: mcp-gateway shelf
allow contains {"id": "NOTE-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: NOTE-390
#   owner: mcp-gateway shelf
obligations contains {"id": "NOTE-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.notion.tools, input.action)
