# METADATA
# title: A database of PostgreSQL
# description: |
#   Where the server was started with full access, execute_sql runs whatever it is given, and an explanation with
#   `analyze` runs what it explains. What a statement does is judged by its words.
package postgres_mcp

import data.gateway.v1.sql
import data.gateway.v1.tools
import data.postgres_mcp.config

# METADATA
# title: Data, plans and statistics are read
# custom:
#   id: PGPRO-101
#   owner: mcp-gateway shelf
allow contains {"id": "PGPRO-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Statements run
# custom:
#   id: PGPRO-102
#   owner: mcp-gateway shelf
allow contains {"id": "PGPRO-102", "reason": "running"} if {
	is_known
	input.action.tool == "execute_sql"
}

# METADATA
# title: What is explained only reads
# description: An explanation that analyses runs the statement.
# custom:
#   id: PGPRO-201
#   remediation: Explain one SELECT, without comments or a semicolon.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "PGPRO-201", "reason": "explains_a_change"} if {
	input.action.effect == "read"
	some statement in statements
	not sql.reads(statement)
}

# METADATA
# title: One statement runs at a time
# custom:
#   id: PGPRO-202
#   remediation: Give one statement, without a semicolon.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "PGPRO-202", "reason": "several_statements"} if {
	input.action.tool == "execute_sql"
	not sql.is_single(input.action.args.sql)
}

# METADATA
# title: What takes away data, rights or the machine does not run
# description: COPY TO PROGRAM runs a command on the machine of the database.
# custom:
#   id: PGPRO-203
#   remediation: Show the user the statement, and let them run it.
#   remedy: show_the_statement
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "PGPRO-203", "reason": "forbidden_statement"} if {
	input.action.tool == "execute_sql"
	not sql.reads(input.action.args.sql)
	some word in {"drop", "truncate", "copy", "grant", "revoke", "do", "call", "alter", "vacuum", "load", "commit", "rollback", "set", "reset", "listen", "execute", "prepare"}
	sql.first_word(input.action.args.sql) == word
}

# METADATA
# title: A change says which rows it is for
# custom:
#   id: PGPRO-204
#   remediation: Add a WHERE that names the rows.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "PGPRO-204", "reason": "no_where"} if {
	sql.first_word(input.action.args.sql) in {"update", "delete"}
	not "where" in sql.words(input.action.args.sql)
}

# METADATA
# title: Functions that reach past the data are not called
# custom:
#   id: PGPRO-205
#   remediation: Do without files, other databases, other sessions and settings of the server.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "PGPRO-205", "reason": "forbidden_function"} if {
	some statement in statements
	sql.has_any(statement, config.forbidden_functions)
}

# METADATA
# title: Passwords and what else is closed is not read
# custom:
#   id: PGPRO-206
#   remediation: Leave out {names}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "PGPRO-206", "reason": "forbidden_name", "params": {"names": concat(", ", sort(config.forbidden_names))}} if {
	some statement in statements
	sql.has_any(statement, config.forbidden_names)
}

# METADATA
# title: A statement changes the database
# description: "Asked each time: no two changes are alike."
# custom:
#   id: PGPRO-301
#   owner: mcp-gateway shelf
obligations contains {"id": "PGPRO-301", "type": "require_approval", "by": "user", "remember": "never"} if {
	input.action.tool == "execute_sql"
	not sql.reads(input.action.args.sql)
}

statements contains input.action.args.sql

statements contains statement if some statement in input.action.args.queries

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: PGPRO-190
#   owner: mcp-gateway shelf
allow contains {"id": "PGPRO-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: PGPRO-390
#   owner: mcp-gateway shelf
obligations contains {"id": "PGPRO-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.postgres_mcp.tools, input.action)
