# METADATA
# title: Projects on Supabase
# description: |
#   The token reaches all projects of whoever made it. What pauses a project or costs money is marked as not destructive
#   by the server.
package supabase

import data.gateway.v1.sql
import data.gateway.v1.tools
import data.supabase.config

# METADATA
# title: Projects, tables and logs are read
# custom:
#   id: SUPA-101
#   owner: mcp-gateway shelf
allow contains {"id": "SUPA-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Projects, branches and data are changed
# custom:
#   id: SUPA-102
#   owner: mcp-gateway shelf
allow contains {"id": "SUPA-102", "reason": "changing"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: Only the projects that are open to agents are used
# custom:
#   id: SUPA-201
#   remediation: Use one of {projects}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SUPA-201", "reason": "other_project", "params": {"projects": concat(", ", config.projects)}} if {
	count(config.projects) > 0
	project := input.action.args.project_id
	not project in config.projects
}

# METADATA
# title: One statement runs at a time
# custom:
#   id: SUPA-202
#   remediation: Give one statement, without a semicolon.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SUPA-202", "reason": "several_statements"} if {
	input.action.tool == "execute_sql"
	not sql.is_single(input.action.args.query)
}

# METADATA
# title: A change says which rows it is for
# custom:
#   id: SUPA-203
#   remediation: Add a WHERE that names the rows.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SUPA-203", "reason": "no_where"} if {
	input.action.tool == "execute_sql"
	sql.first_word(input.action.args.query) in {"update", "delete"}
	not "where" in sql.words(input.action.args.query)
}

# METADATA
# title: Tables and rights are changed by migrations
# custom:
#   id: SUPA-204
#   remediation: Write it as a migration, and use apply_migration.
#   alternatives: [apply_migration]
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SUPA-204", "reason": "not_a_migration"} if {
	input.action.tool == "execute_sql"
	sql.first_word(input.action.args.query) in {"drop", "truncate", "alter", "create", "grant", "revoke", "do", "copy", "call", "comment", "security"}
}

# METADATA
# title: Secrets are not read
# custom:
#   id: SUPA-205
#   remediation: Leave out {names}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SUPA-205", "reason": "forbidden_name", "params": {"names": concat(", ", sort(config.forbidden_names))}} if {
	some name in ["query", "sql"]
	sql.has_any(input.action.args[name], config.forbidden_names)
}

# METADATA
# title: A function asks who calls it
# custom:
#   id: SUPA-206
#   remediation: Set verify_jwt to true; ask the user if the function must be open to everybody.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SUPA-206", "reason": "no_verification"} if {
	input.action.tool == "deploy_edge_function"
	not input.action.args.verify_jwt
}

# METADATA
# title: The database of a project is changed
# custom:
#   id: SUPA-301
#   owner: mcp-gateway shelf
obligations contains {"id": "SUPA-301", "type": "require_approval", "by": "user", "remember": "never"} if changes_data

# METADATA
# title: A project or branch is paused, reset, merged or deleted
# custom:
#   id: SUPA-302
#   owner: mcp-gateway shelf
obligations contains {"id": "SUPA-302", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool in {"pause_project", "delete_branch", "merge_branch", "reset_branch", "rebase_branch"}

# METADATA
# title: A project or branch is made, and that costs money
# custom:
#   id: SUPA-303
#   owner: mcp-gateway shelf
obligations contains {"id": "SUPA-303", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool in {"create_project", "restore_project", "create_branch"}

# METADATA
# title: Programs or settings of a project are changed
# custom:
#   id: SUPA-304
#   owner: mcp-gateway shelf
obligations contains {"id": "SUPA-304", "type": "require_approval", "by": "user", "remember": "session"} if input.action.tool in {"deploy_edge_function", "update_storage_config"}

changes_data if input.action.tool == "apply_migration"

changes_data if {
	input.action.tool == "execute_sql"
	not sql.reads(input.action.args.query)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: SUPA-190
#   owner: mcp-gateway shelf
allow contains {"id": "SUPA-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: SUPA-390
#   owner: mcp-gateway shelf
obligations contains {"id": "SUPA-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.supabase.tools, input.action)
