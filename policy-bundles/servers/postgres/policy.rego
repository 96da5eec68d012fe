# METADATA
# title: A database of PostgreSQL, to be read
# description: |
#   The server runs each statement in a read-only transaction, and a statement can leave that transaction or reach past
#   it. What a statement does is judged by its words; let the server sign in as a user who may only read.
package postgres

import data.gateway.v1.sql
import data.gateway.v1.tools
import data.postgres.config

# METADATA
# title: Data is read
# custom:
#   id: PG-101
#   owner: mcp-gateway shelf
allow contains {"id": "PG-101", "reason": "reading"} if is_known

# METADATA
# title: A query is one statement that reads
# description: |
#   COMMIT and a second statement leave the read-only transaction; COPY TO PROGRAM runs a command on the machine of the
#   database.
# custom:
#   id: PG-201
#   remediation: Ask with one SELECT, WITH or EXPLAIN, without comments or a semicolon.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "PG-201", "reason": "not_a_read"} if not sql.reads(input.action.args.sql)

# METADATA
# title: Functions that reach past the data are not called
# custom:
#   id: PG-202
#   remediation: Do without files, other databases, other sessions and settings of the server.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "PG-202", "reason": "forbidden_function"} if sql.has_any(input.action.args.sql, config.forbidden_functions)

# METADATA
# title: Passwords and what else is closed is not read
# custom:
#   id: PG-203
#   remediation: Leave out {names}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "PG-203", "reason": "forbidden_name", "params": {"names": concat(", ", sort(config.forbidden_names))}} if sql.has_any(input.action.args.sql, config.forbidden_names)

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: PG-190
#   owner: mcp-gateway shelf
allow contains {"id": "PG-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: PG-390
#   owner: mcp-gateway shelf
obligations contains {"id": "PG-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.postgres.tools, input.action)
