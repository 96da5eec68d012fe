# METADATA
# title: Apps on Heroku
# description: |
#   Commands run in the cloud, and some cost money. A name of a database can reach those of other apps.
package heroku

import data.gateway.v1.sql
import data.gateway.v1.tools
import data.heroku.config

# METADATA
# title: Apps, logs and databases are looked at
# custom:
#   id: HEROKU-101
#   owner: mcp-gateway shelf
allow contains {"id": "HEROKU-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Apps are changed
# custom:
#   id: HEROKU-102
#   owner: mcp-gateway shelf
allow contains {"id": "HEROKU-102", "reason": "changing"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: Only the apps that are open to agents are used
# custom:
#   id: HEROKU-201
#   remediation: Use one of {apps}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "HEROKU-201", "reason": "other_app", "params": {"apps": concat(", ", config.apps)}} if {
	count(config.apps) > 0
	app := input.action.args.app
	not app in config.apps
}

# METADATA
# title: A database belongs to the app
# description: A name with two colons reaches the database of another app.
# custom:
#   id: HEROKU-202
#   remediation: Name a database of the app itself.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "HEROKU-202", "reason": "other_database"} if contains(input.action.args.database, "::")

# METADATA
# title: Statements are read from the call, and change nothing
# description: |
#   A file would be read from the machine of the server, and psql has commands of its own that run programs.
# custom:
#   id: HEROKU-203
#   remediation: Give one SELECT in command, without comments or a semicolon; show the user anything else.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "HEROKU-203", "reason": "forbidden_statement"} if {
	input.action.tool == "pg_psql"
	not reads
}

# METADATA
# title: Passwords of a database are not read
# custom:
#   id: HEROKU-204
#   remediation: Ask the user for what you need to know of it.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "HEROKU-204", "reason": "reads_keys"} if input.action.tool == "pg_credentials"

# METADATA
# title: Statistics are kept
# custom:
#   id: HEROKU-205
#   remediation: Leave reset out.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "HEROKU-205", "reason": "resets"} if input.action.args.reset == true

# METADATA
# title: A command runs in the cloud, or a version goes live
# custom:
#   id: HEROKU-301
#   owner: mcp-gateway shelf
obligations contains {"id": "HEROKU-301", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool in {"deploy_to_heroku", "deploy_one_off_dyno", "pipelines_promote"}

# METADATA
# title: Something is made that costs money
# custom:
#   id: HEROKU-302
#   owner: mcp-gateway shelf
obligations contains {"id": "HEROKU-302", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool in {"create_addon", "create_app", "pipelines_create", "ps_scale"}

# METADATA
# title: An app is stopped, renamed or disturbed
# custom:
#   id: HEROKU-303
#   owner: mcp-gateway shelf
obligations contains {"id": "HEROKU-303", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool in {"maintenance_on", "maintenance_off", "rename_app", "pg_kill", "pg_upgrade", "ps_restart"}

reads if {
	not input.action.args.file
	sql.reads(input.action.args.command)
	not contains(input.action.args.command, `\`)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: HEROKU-190
#   owner: mcp-gateway shelf
allow contains {"id": "HEROKU-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: HEROKU-390
#   owner: mcp-gateway shelf
obligations contains {"id": "HEROKU-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.heroku.tools, input.action)
