# METADATA
# title: Documentation of AWS
# description: |
#   The tools read pages of AWS, and nothing of an account.
package aws_documentation

import data.aws_documentation.config
import data.gateway.v1.hosts
import data.gateway.v1.secrets
import data.gateway.v1.tools

# METADATA
# title: Questions are asked, and answers read
# custom:
#   id: AWSDOC-101
#   owner: mcp-gateway shelf
allow contains {"id": "AWSDOC-101", "reason": "reading"} if is_known

# METADATA
# title: No secret leaves in a question
# description: What is asked is kept by a service of others.
# custom:
#   id: AWSDOC-201
#   remediation: Take the key or token out of the question.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "AWSDOC-201", "reason": "secret_in_question"} if secrets.in_value(input.action.args)

# METADATA
# title: A question is only so long
# description: A long question carries text out rather than asking for something.
# custom:
#   id: AWSDOC-202
#   remediation: Ask in at most {limit} characters.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "AWSDOC-202", "reason": "too_long", "params": {"limit": config.most_characters}} if {
	some name in ["search_phrase", "search_intent", "query"]
	count(input.action.args[name]) > config.most_characters
}

# METADATA
# title: Pages come from the hosts that are open to agents
# description: Not of this machine or its network.
# custom:
#   id: AWSDOC-203
#   remediation: Name a whole http or https address{among}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "AWSDOC-203", "reason": "other_host", "params": {"among": among}} if {
	some url in urls
	not may_be_read(url)
}

# METADATA
# title: Only so many answers are asked for
# custom:
#   id: AWSDOC-204
#   remediation: Ask for at most {limit} with limit.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "AWSDOC-204", "reason": "more_than_limit", "params": {"limit": config.most_answers}} if {
	asked := input.action.args.limit
	asked > config.most_answers
}

urls contains input.action.args.url

may_be_read(url) if {
	count(config.hosts) == 0
	hosts.is_public(url)
}

may_be_read(url) if {
	hosts.is_web(url)
	hosts.allowed(url, config.hosts)
}

among := "" if count(config.hosts) == 0

among := sprintf(" at one of %s", [concat(", ", config.hosts)]) if count(config.hosts) > 0

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: AWSDOC-190
#   owner: mcp-gateway shelf
allow contains {"id": "AWSDOC-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: AWSDOC-390
#   owner: mcp-gateway shelf
obligations contains {"id": "AWSDOC-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.aws_documentation.tools, input.action)
