# METADATA
# title: A warehouse of Snowflake
# description: |
#   What a statement does is judged by its words; let the server sign in with a role that may do little.
package snowflake

import data.gateway.v1.sql
import data.gateway.v1.tools
import data.snowflake.config

# METADATA
# title: Objects are listed, and data is asked for
# custom:
#   id: SNOW-101
#   owner: mcp-gateway shelf
allow contains {"id": "SNOW-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Objects and data are changed
# custom:
#   id: SNOW-102
#   owner: mcp-gateway shelf
allow contains {"id": "SNOW-102", "reason": "changing"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: What holds everything else is changed by people
# custom:
#   id: SNOW-201
#   remediation: Tell the user what the {type} should be.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "SNOW-201", "reason": "closed_type", "params": {"type": type}} if {
	input.action.tool in {"create_object", "create_or_alter_object", "drop_object"}
	type := lower(input.action.args.object_type)
	type in config.closed_types
}

# METADATA
# title: What is there is not replaced
# custom:
#   id: SNOW-202
#   remediation: Use error_if_exists or if_not_exists.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SNOW-202", "reason": "replaces"} if input.action.args.mode == "replace"

# METADATA
# title: One statement runs, and changes rows at most
# custom:
#   id: SNOW-203
#   remediation: Give one SELECT, SHOW, DESCRIBE or EXPLAIN, or an INSERT, UPDATE or DELETE, the latter two with a WHERE; show the user anything else.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SNOW-203", "reason": "forbidden_statement"} if {
	input.action.tool == "run_snowflake_query"
	not sql.reads(input.action.args.statement)
	not changes_rows
}

# METADATA
# title: Rows of a table are changed or deleted
# custom:
#   id: SNOW-301
#   owner: mcp-gateway shelf
obligations contains {"id": "SNOW-301", "type": "require_approval", "by": "user", "remember": "never"} if {
	input.action.tool == "run_snowflake_query"
	changes_rows
}

# METADATA
# title: An object is dropped or changed
# custom:
#   id: SNOW-302
#   owner: mcp-gateway shelf
obligations contains {"id": "SNOW-302", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool in {"drop_object", "create_or_alter_object"}

# METADATA
# title: An object is made
# custom:
#   id: SNOW-303
#   owner: mcp-gateway shelf
obligations contains {"id": "SNOW-303", "type": "require_approval", "by": "user", "remember": "session"} if input.action.tool == "create_object"

changes_rows if {
	statement := input.action.args.statement
	sql.is_single(statement)
	sql.first_word(statement) == "insert"
}

changes_rows if {
	statement := input.action.args.statement
	sql.is_single(statement)
	sql.first_word(statement) in {"update", "delete"}
	"where" in sql.words(statement)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: SNOW-190
#   owner: mcp-gateway shelf
allow contains {"id": "SNOW-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: SNOW-390
#   owner: mcp-gateway shelf
obligations contains {"id": "SNOW-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.snowflake.tools, input.action)
