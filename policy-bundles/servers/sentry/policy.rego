# METADATA
# title: Errors and traces on Sentry
# description: |
#   What is read there was written by programs and their users, and can hold data of customers.
package sentry

import data.gateway.v1.hosts
import data.gateway.v1.tools
import data.sentry.config

# METADATA
# title: Issues, events and documentation are read
# custom:
#   id: SENTRY-101
#   owner: mcp-gateway shelf
allow contains {"id": "SENTRY-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Issues are worked on, and projects made
# custom:
#   id: SENTRY-102
#   owner: mcp-gateway shelf
allow contains {"id": "SENTRY-102", "reason": "working"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: Only the organisations that are open to agents are used
# custom:
#   id: SENTRY-201
#   remediation: Use one of {organizations}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SENTRY-201", "reason": "other_organization", "params": {"organizations": concat(", ", config.organizations)}} if {
	count(config.organizations) > 0
	slug := input.action.args.organizationSlug
	not slug in config.organizations
}

# METADATA
# title: Addresses lead to Sentry
# description: The token of the server would be sent there.
# custom:
#   id: SENTRY-202
#   remediation: Give an address at one of {hosts}, or leave it out.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SENTRY-202", "reason": "other_host", "params": {"hosts": concat(", ", config.hosts)}} if {
	some name in ["regionUrl", "issueUrl", "replayUrl", "profileUrl", "url"]
	url := input.action.args[name]
	contains(url, ":")
	not hosts.allowed(url, config.hosts)
}

# METADATA
# title: A key is made with which programs write to Sentry
# custom:
#   id: SENTRY-301
#   owner: mcp-gateway shelf
obligations contains {"id": "SENTRY-301", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool == "create_dsn"

# METADATA
# title: A project or team is made or changed
# custom:
#   id: SENTRY-302
#   owner: mcp-gateway shelf
obligations contains {"id": "SENTRY-302", "type": "require_approval", "by": "user", "remember": "session"} if input.action.tool in {"create_team", "create_project", "update_project"}

# METADATA
# title: Issues are changed, or analysed at a cost
# custom:
#   id: SENTRY-303
#   owner: mcp-gateway shelf
obligations contains {"id": "SENTRY-303", "type": "require_approval", "by": "user", "remember": "pin"} if input.action.tool in {"update_issue", "analyze_issue_with_seer"}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: SENTRY-190
#   owner: mcp-gateway shelf
allow contains {"id": "SENTRY-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: SENTRY-390
#   owner: mcp-gateway shelf
obligations contains {"id": "SENTRY-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.sentry.tools, input.action)
