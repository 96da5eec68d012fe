# METADATA
# title: Resources on Azure
# description: |
#   Most tools are doors to many commands, so the command is judged. Written on the mode in which the server starts by
#   itself; with other modes its tools are not known here, and each is confirmed.
package azure

import data.azure.config
import data.gateway.v1.globs
import data.gateway.v1.tools

# METADATA
# title: Resources and documentation are read
# custom:
#   id: AZURE-101
#   owner: mcp-gateway shelf
allow contains {"id": "AZURE-101", "reason": "reading"} if {
	is_known
	only_reads
}

# METADATA
# title: Resources are changed
# custom:
#   id: AZURE-102
#   owner: mcp-gateway shelf
allow contains {"id": "AZURE-102", "reason": "changing"} if {
	is_known
	not only_reads
}

# METADATA
# title: Secrets are not read, rights not given, and nothing is deleted
# custom:
#   id: AZURE-201
#   remediation: Tell the user what {command} is needed for.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "AZURE-201", "reason": "closed_command", "params": {"command": command}} if {
	command := lower(input.action.args.command)
	globs.matches_any(config.closed_commands, command)
	not learns
}

# METADATA
# title: Only the subscriptions that are open to agents are used
# custom:
#   id: AZURE-202
#   remediation: Use one of {subscriptions}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "AZURE-202", "reason": "other_subscription", "params": {"subscriptions": concat(", ", config.subscriptions)}} if {
	count(config.subscriptions) > 0
	some subscription in named_subscriptions
	not subscription in config.subscriptions
}

# METADATA
# title: A command may change resources on Azure
# custom:
#   id: AZURE-301
#   owner: mcp-gateway shelf
obligations contains {"id": "AZURE-301", "type": "require_approval", "by": "user", "remember": "session"} if {
	not only_reads
	is_known
}

only_reads if input.action.effect == "read"

only_reads if learns

only_reads if globs.matches_any(config.reading_commands, lower(input.action.args.command))

learns if input.action.args.learn == true

named_subscriptions contains input.action.args.subscription

named_subscriptions contains input.action.args.parameters.subscription

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: AZURE-190
#   owner: mcp-gateway shelf
allow contains {"id": "AZURE-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: AZURE-390
#   owner: mcp-gateway shelf
obligations contains {"id": "AZURE-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.azure.tools, input.action)
