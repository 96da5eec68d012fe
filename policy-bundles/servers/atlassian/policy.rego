# METADATA
# title: Jira and Confluence
# description: |
#   The tools act with the account of whoever started the server. Some take paths of files on its machine, and a public
#   comment goes to customers.
package atlassian

import data.atlassian.config
import data.gateway.v1.hosts
import data.gateway.v1.paths
import data.gateway.v1.secrets
import data.gateway.v1.tools

# METADATA
# title: Issues, pages and comments are read
# custom:
#   id: ATLAS-101
#   owner: mcp-gateway shelf
allow contains {"id": "ATLAS-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Issues, pages and comments are written
# custom:
#   id: ATLAS-102
#   owner: mcp-gateway shelf
allow contains {"id": "ATLAS-102", "reason": "writing"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: Only the projects that are open to agents are used
# custom:
#   id: ATLAS-201
#   remediation: Use one of {projects}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "ATLAS-201", "reason": "other_project", "params": {"projects": concat(", ", config.projects)}} if {
	count(config.projects) > 0
	some project in named_projects
	not project in config.projects
}

# METADATA
# title: Only the spaces that are open to agents are used
# custom:
#   id: ATLAS-202
#   remediation: Use one of {spaces}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "ATLAS-202", "reason": "other_space", "params": {"spaces": concat(", ", config.spaces)}} if {
	count(config.spaces) > 0
	some name in ["space_key", "destination_space_key", "target_space_key"]
	space := input.action.args[name]
	not space in config.spaces
}

# METADATA
# title: Nothing is deleted
# custom:
#   id: ATLAS-203
#   remediation: Leave it, and tell the user what can go.
#   remedy: leave_it
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "ATLAS-203", "reason": "deletes"} if {
	input.action.tool in deleting_tools
	not config.allow_deleting
}

# METADATA
# title: Files are attached from open folders only
# custom:
#   id: ATLAS-204
#   remediation: Ask the user to attach it, or to open its folder to agents.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "ATLAS-204", "reason": "file_not_open", "params": {"path": path}} if {
	some path in attached
	not is_within_a_folder(path)
}

# METADATA
# title: No secret is written into an issue or a page
# custom:
#   id: ATLAS-205
#   remediation: Take the key or token out.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "ATLAS-205", "reason": "secret_in_text"} if {
	input.action.effect in {"write", "destroy"}
	secrets.in_value(input.action.args)
}

# METADATA
# title: Who may see a page is decided by people
# custom:
#   id: ATLAS-206
#   remediation: Tell the user who should see it.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "ATLAS-206", "reason": "changes_rights"} if input.action.tool == "confluence_set_page_restrictions"

# METADATA
# title: A link leads to an address of the web
# custom:
#   id: ATLAS-207
#   remediation: Give a whole http or https address.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "ATLAS-207", "reason": "other_scheme"} if {
	input.action.tool == "jira_create_remote_issue_link"
	not hosts.is_web(input.action.args.url)
}

# METADATA
# title: Something is deleted
# custom:
#   id: ATLAS-301
#   owner: mcp-gateway shelf
obligations contains {"id": "ATLAS-301", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool in deleting_tools

# METADATA
# title: A customer gets to read this
# custom:
#   id: ATLAS-302
#   owner: mcp-gateway shelf
obligations contains {"id": "ATLAS-302", "type": "require_approval", "by": "user", "remember": "never"} if speaks_to_customers

# METADATA
# title: An issue, page or comment is written in your name
# custom:
#   id: ATLAS-303
#   owner: mcp-gateway shelf
obligations contains {"id": "ATLAS-303", "type": "require_approval", "by": "user", "remember": "pin"} if {
	input.action.effect in {"write", "destroy"}
	not input.action.tool in deleting_tools
	not speaks_to_customers
}

deleting_tools := {"jira_delete_issue", "confluence_delete_page", "confluence_delete_attachment"}

speaks_to_customers if input.action.args.public == true

speaks_to_customers if input.action.tool == "jira_create_customer_request"

named_projects contains input.action.args[name] if some name in ["project_key", "target_project_key"]

named_projects contains split(key, "-")[0] if {
	some name in ["issue_key", "epic_key", "inward_issue_key", "outward_issue_key"]
	key := input.action.args[name]
}

named_projects contains split(trim_space(key), "-")[0] if {
	some name in ["issue_keys", "issue_ids_or_keys"]
	some key in split(input.action.args[name], ",")
	contains(key, "-")
}

attached contains input.action.args[name] if {
	some name in ["file_path", "content_file"]
}

attached contains trim(path, " \t\"'[]") if {
	some name in ["file_paths", "attachments"]
	some path in split(input.action.args[name], ",")
}

is_within_a_folder(path) if {
	some folder in config.folders
	paths.within(folder, path)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: ATLAS-190
#   owner: mcp-gateway shelf
allow contains {"id": "ATLAS-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: ATLAS-390
#   owner: mcp-gateway shelf
obligations contains {"id": "ATLAS-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.atlassian.tools, input.action)
