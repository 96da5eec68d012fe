# METADATA
# title: A database of SQLite in one file
# description: |
#   The tools run whatever statement they are given. What a statement does is judged by its words.
package sqlite

import data.gateway.v1.sql
import data.gateway.v1.tools
import data.sqlite.config

# METADATA
# title: Data and tables are read
# custom:
#   id: SQLITE-101
#   owner: mcp-gateway shelf
allow contains {"id": "SQLITE-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Data is changed, and tables are made
# custom:
#   id: SQLITE-102
#   owner: mcp-gateway shelf
allow contains {"id": "SQLITE-102", "reason": "changing"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: What reads only reads
# custom:
#   id: SQLITE-201
#   remediation: Ask with one SELECT, without comments or a semicolon; use write_query to change data.
#   alternatives: [write_query]
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SQLITE-201", "reason": "not_a_read"} if {
	input.action.tool == "read_query"
	not sql.reads(input.action.args.query)
}

# METADATA
# title: One statement inserts, updates or deletes
# description: |
#   DROP and ALTER take away what nobody wrote down; ATTACH and VACUUM INTO write files anywhere on the disk; PRAGMA
#   changes how the database keeps its data.
# custom:
#   id: SQLITE-202
#   remediation: Give one INSERT, UPDATE, DELETE or REPLACE, without a semicolon. Tables are made with create_table; what drops or alters them, or opens another file, is for the user.
#   alternatives: [create_table]
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SQLITE-202", "reason": "not_a_change"} if {
	input.action.tool == "write_query"
	not is_one_change
}

# METADATA
# title: A change says which rows it is for
# description: Without WHERE every row of the table is changed or lost.
# custom:
#   id: SQLITE-203
#   remediation: Add a WHERE that names the rows.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SQLITE-203", "reason": "no_where"} if {
	input.action.tool == "write_query"
	sql.first_word(input.action.args.query) in {"update", "delete", "with"}
	words := sql.words(input.action.args.query)
	count(words & {"update", "delete"}) > 0
	not "where" in words
}

# METADATA
# title: A table is made, and nothing else
# custom:
#   id: SQLITE-204
#   remediation: Give one CREATE TABLE, without a semicolon.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SQLITE-204", "reason": "not_a_table"} if {
	input.action.tool == "create_table"
	not is_one_table
}

# METADATA
# title: Functions that reach files or programs are not called
# custom:
#   id: SQLITE-205
#   remediation: Do without it.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SQLITE-205", "reason": "forbidden_function"} if sql.has_any(input.action.args.query, config.forbidden_functions)

# METADATA
# title: Rows of a database are changed or deleted
# custom:
#   id: SQLITE-301
#   owner: mcp-gateway shelf
obligations contains {"id": "SQLITE-301", "type": "require_approval", "by": "user", "remember": "pin"} if {
	config.confirm_changes
	input.action.tool == "write_query"
}

is_one_change if {
	query := input.action.args.query
	sql.is_single(query)
	sql.first_word(query) in {"insert", "update", "delete", "replace", "with"}
	count(sql.words(query) & {"attach", "detach", "vacuum", "pragma", "drop", "alter", "create"}) == 0
}

is_one_table if {
	query := input.action.args.query
	sql.is_single(query)
	regex.match(`(?i)^\s*create\s+table\b`, query)
	not sql.has_any(query, {"attach", "drop", "alter", "pragma", "vacuum"})
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: SQLITE-190
#   owner: mcp-gateway shelf
allow contains {"id": "SQLITE-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: SQLITE-390
#   owner: mcp-gateway shelf
obligations contains {"id": "SQLITE-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.sqlite.tools, input.action)
