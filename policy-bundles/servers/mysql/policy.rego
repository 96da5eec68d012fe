# METADATA
# title: A database of MySQL
# description: |
#   The tool says that it only reads, and writes where the environment of the server allows it. What a statement does is
#   judged by its words.
package mysql

import data.gateway.v1.sql
import data.gateway.v1.tools
import data.mysql.config

# METADATA
# title: Statements run
# custom:
#   id: MYSQL-101
#   owner: mcp-gateway shelf
allow contains {"id": "MYSQL-101", "reason": "running"} if is_known

# METADATA
# title: One statement runs at a time
# custom:
#   id: MYSQL-201
#   remediation: Give one statement, without a semicolon.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "MYSQL-201", "reason": "several_statements"} if not sql.is_single(input.action.args.sql)

# METADATA
# title: Rows are changed; tables, rights, files and settings are not
# description: |
#   INTO OUTFILE and LOAD DATA write and read files of the machine of the database. Comments are refused too: MySQL runs
#   some of them.
# custom:
#   id: MYSQL-202
#   remediation: Ask with one SELECT, SHOW, DESCRIBE or EXPLAIN, or change rows with INSERT, UPDATE or DELETE; show the user anything else.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "MYSQL-202", "reason": "forbidden_statement"} if {
	not sql.reads(input.action.args.sql)
	not changes_rows
}

# METADATA
# title: A change says which rows it is for
# custom:
#   id: MYSQL-203
#   remediation: Add a WHERE that names the rows.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "MYSQL-203", "reason": "no_where"} if {
	sql.first_word(input.action.args.sql) in {"update", "delete"}
	not "where" in sql.words(input.action.args.sql)
}

# METADATA
# title: Functions that reach files, or stop the database, are not called
# custom:
#   id: MYSQL-204
#   remediation: Do without it.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "MYSQL-204", "reason": "forbidden_function"} if sql.has_any(input.action.args.sql, config.forbidden_functions)

# METADATA
# title: Accounts and what else is closed is not read
# custom:
#   id: MYSQL-205
#   remediation: Leave out {names}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "MYSQL-205", "reason": "forbidden_name", "params": {"names": concat(", ", sort(config.forbidden_names))}} if sql.has_any(input.action.args.sql, config.forbidden_names)

# METADATA
# title: Rows of a database are changed or deleted
# description: "Asked each time: no two changes are alike."
# custom:
#   id: MYSQL-301
#   owner: mcp-gateway shelf
obligations contains {"id": "MYSQL-301", "type": "require_approval", "by": "user", "remember": "never"} if changes_rows

changes_rows if {
	statement := input.action.args.sql
	sql.first_word(statement) in {"insert", "update", "delete", "replace"}
	not sql.has_any(statement, {"outfile", "dumpfile", "drop", "alter", "create", "truncate", "grant"})
	not regex.match(`/\*|--|#`, statement)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: MYSQL-190
#   owner: mcp-gateway shelf
allow contains {"id": "MYSQL-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: MYSQL-390
#   owner: mcp-gateway shelf
obligations contains {"id": "MYSQL-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.mysql.tools, input.action)
