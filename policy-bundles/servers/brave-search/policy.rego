# METADATA
# title: A search engine
# description: |
#   Each question is charged to whoever started the server, and goes to a service of others.
package brave_search

import data.brave_search.config
import data.gateway.v1.secrets
import data.gateway.v1.tools

# METADATA
# title: Questions are asked, and answers read
# custom:
#   id: BRAVE-101
#   owner: mcp-gateway shelf
allow contains {"id": "BRAVE-101", "reason": "reading"} if is_known

# METADATA
# title: No secret leaves in a question
# description: What is asked is kept by a service of others.
# custom:
#   id: BRAVE-201
#   remediation: Take the key or token out of the question.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "BRAVE-201", "reason": "secret_in_question"} if secrets.in_value(input.action.args)

# METADATA
# title: A question is only so long
# description: A long question carries text out rather than asking for something.
# custom:
#   id: BRAVE-202
#   remediation: Ask in at most {limit} characters.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "BRAVE-202", "reason": "too_long", "params": {"limit": config.most_characters}} if {
	some name in ["query", "location"]
	count(input.action.args[name]) > config.most_characters
}

# METADATA
# title: Only so many answers are asked for
# custom:
#   id: BRAVE-203
#   remediation: Ask for at most {limit} with count.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "BRAVE-203", "reason": "more_than_count", "params": {"limit": config.most_answers}} if {
	asked := input.action.args.count
	asked > config.most_answers
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: BRAVE-190
#   owner: mcp-gateway shelf
allow contains {"id": "BRAVE-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: BRAVE-390
#   owner: mcp-gateway shelf
obligations contains {"id": "BRAVE-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.brave_search.tools, input.action)
