# METADATA
# title: Documentation of libraries
# description: |
#   What is asked goes to a service of others.
package context7

import data.context7.config
import data.gateway.v1.secrets
import data.gateway.v1.tools

# METADATA
# title: Questions are asked, and answers read
# custom:
#   id: CTX-101
#   owner: mcp-gateway shelf
allow contains {"id": "CTX-101", "reason": "reading"} if is_known

# METADATA
# title: No secret leaves in a question
# description: What is asked is kept by a service of others.
# custom:
#   id: CTX-201
#   remediation: Take the key or token out of the question.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "CTX-201", "reason": "secret_in_question"} if secrets.in_value(input.action.args)

# METADATA
# title: A question is only so long
# description: A long question carries text out rather than asking for something.
# custom:
#   id: CTX-202
#   remediation: Ask in at most {limit} characters.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "CTX-202", "reason": "too_long", "params": {"limit": config.most_characters}} if {
	some name in ["query", "libraryName", "libraryId"]
	count(input.action.args[name]) > config.most_characters
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: CTX-190
#   owner: mcp-gateway shelf
allow contains {"id": "CTX-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: CTX-390
#   owner: mcp-gateway shelf
obligations contains {"id": "CTX-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.context7.tools, input.action)
