# METADATA
# title: A database of DuckDB
# description: |
#   DuckDB reads and writes files and addresses by mere SQL, where it is opened read-only too. What a statement does is
#   judged by its words.
package motherduck

import data.gateway.v1.sql
import data.gateway.v1.tools
import data.motherduck.config

# METADATA
# title: Databases, tables and columns are listed
# custom:
#   id: DUCK-101
#   owner: mcp-gateway shelf
allow contains {"id": "DUCK-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Statements run
# custom:
#   id: DUCK-102
#   owner: mcp-gateway shelf
allow contains {"id": "DUCK-102", "reason": "running"} if {
	is_known
	input.action.tool == "execute_query"
}

# METADATA
# title: A statement reads, or changes tables of the database
# description: |
#   COPY, EXPORT, ATTACH, INSTALL, LOAD and SET write files, open other databases and bring in programs.
# custom:
#   id: DUCK-201
#   remediation: Ask with one SELECT, SHOW, DESCRIBE or EXPLAIN, or change data with INSERT, UPDATE, DELETE or CREATE TABLE, without comments or a semicolon; show the user anything else.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "DUCK-201", "reason": "forbidden_statement"} if {
	input.action.tool == "execute_query"
	not sql.reads(input.action.args.sql)
	not changes_tables
}

# METADATA
# title: A statement names tables, not files or addresses
# description: DuckDB opens 'file.csv' where a table is expected.
# custom:
#   id: DUCK-202
#   remediation: Name a table; ask the user to load the file into one.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "DUCK-202", "reason": "names_a_file"} if {
	input.action.tool == "execute_query"
	regex.match(`(?i)\b(?:from|join|into|using)\s*[(\s]*'|,\s*'[^']*[/\\.][^']*'\s*(?:as\s|where\s|$)|"[^"]*[/\\][^"]*"|"[^"]*\.(?:csv|tsv|json|jsonl|ndjson|parquet|txt|db|duckdb|xlsx)[^"]*"`, input.action.args.sql)
}

# METADATA
# title: Functions that reach files and addresses are not called
# custom:
#   id: DUCK-203
#   remediation: Name a table; ask the user to load the file into one.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "DUCK-203", "reason": "forbidden_function"} if {
	input.action.tool == "execute_query"
	sql.has_any(input.action.args.sql, config.forbidden_functions)
}

# METADATA
# title: A change says which rows it is for
# custom:
#   id: DUCK-204
#   remediation: Add a WHERE that names the rows.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "DUCK-204", "reason": "no_where"} if {
	sql.first_word(input.action.args.sql) in {"update", "delete"}
	not "where" in sql.words(input.action.args.sql)
}

# METADATA
# title: Data of a database is changed
# custom:
#   id: DUCK-301
#   owner: mcp-gateway shelf
obligations contains {"id": "DUCK-301", "type": "require_approval", "by": "user", "remember": "pin"} if {
	config.confirm_changes
	changes_tables
}

changes_tables if {
	statement := input.action.args.sql
	sql.is_single(statement)
	sql.first_word(statement) in {"insert", "update", "delete", "create"}
	not sql.has_any(statement, {"secret", "macro", "attach", "copy", "export", "install", "load", "drop", "type", "function"})
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: DUCK-190
#   owner: mcp-gateway shelf
allow contains {"id": "DUCK-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: DUCK-390
#   owner: mcp-gateway shelf
obligations contains {"id": "DUCK-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.motherduck.tools, input.action)
