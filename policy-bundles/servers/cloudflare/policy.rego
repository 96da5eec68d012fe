# METADATA
# title: Workers and storage on Cloudflare
# description: |
#   The server says nothing of what its tools do: this policy tells the readers from those that deploy, and from those
#   that delete.
package cloudflare

import data.cloudflare.config
import data.gateway.v1.paths
import data.gateway.v1.sql
import data.gateway.v1.tools

# METADATA
# title: The state of the account is read
# custom:
#   id: CLOUD-101
#   owner: mcp-gateway shelf
allow contains {"id": "CLOUD-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Programs, data and settings are changed
# custom:
#   id: CLOUD-102
#   owner: mcp-gateway shelf
allow contains {"id": "CLOUD-102", "reason": "changing"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: Nothing is deleted
# custom:
#   id: CLOUD-201
#   remediation: Leave it, and tell the user what can go.
#   remedy: leave_it
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "CLOUD-201", "reason": "deletes"} if {
	input.action.tool in data.cloudflare.deleting_tools
	not config.allow_deleting
}

# METADATA
# title: Programs are deployed from open folders only
# custom:
#   id: CLOUD-202
#   remediation: Give the program in scriptContent, or ask the user to open its folder to agents.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "CLOUD-202", "reason": "file_not_open"} if {
	path := input.action.args.filePath
	not is_within_a_folder(path)
}

# METADATA
# title: One statement runs at a time, and it drops nothing
# custom:
#   id: CLOUD-203
#   remediation: Give one SELECT, INSERT, UPDATE or DELETE, the latter two with a WHERE; show the user anything else.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "CLOUD-203", "reason": "forbidden_statement"} if {
	input.action.tool == "d1_query"
	not may_run
}

# METADATA
# title: Something is deleted
# custom:
#   id: CLOUD-301
#   owner: mcp-gateway shelf
obligations contains {"id": "CLOUD-301", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool in data.cloudflare.deleting_tools

# METADATA
# title: A program goes live
# custom:
#   id: CLOUD-302
#   owner: mcp-gateway shelf
obligations contains {"id": "CLOUD-302", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool in data.cloudflare.deploying_tools

# METADATA
# title: Settings or secrets of a program change, or where the world reaches it
# custom:
#   id: CLOUD-303
#   owner: mcp-gateway shelf
obligations contains {"id": "CLOUD-303", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool in data.cloudflare.exposing_tools

# METADATA
# title: Rows of a database are changed or deleted
# custom:
#   id: CLOUD-304
#   owner: mcp-gateway shelf
obligations contains {"id": "CLOUD-304", "type": "require_approval", "by": "user", "remember": "never"} if {
	input.action.tool == "d1_query"
	not sql.reads(input.action.args.query)
}

# METADATA
# title: What is stored is overwritten
# custom:
#   id: CLOUD-305
#   owner: mcp-gateway shelf
obligations contains {"id": "CLOUD-305", "type": "require_approval", "by": "user", "remember": "pin"} if input.action.tool in {"kv_put", "r2_put_object"}

may_run if sql.reads(input.action.args.query)

may_run if {
	query := input.action.args.query
	sql.is_single(query)
	sql.first_word(query) == "insert"
}

may_run if {
	query := input.action.args.query
	sql.is_single(query)
	sql.first_word(query) in {"update", "delete"}
	"where" in sql.words(query)
}

is_within_a_folder(path) if {
	some folder in config.folders
	paths.within(folder, path)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: CLOUD-190
#   owner: mcp-gateway shelf
allow contains {"id": "CLOUD-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: CLOUD-390
#   owner: mcp-gateway shelf
obligations contains {"id": "CLOUD-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.cloudflare.tools, input.action)
