# METADATA
# title: A search engine that reads pages
# description: |
#   Each question, and each page of a crawl, is charged to whoever started the server.
package tavily

import data.gateway.v1.hosts
import data.gateway.v1.secrets
import data.gateway.v1.tools
import data.tavily.config

# METADATA
# title: Questions are asked, and answers read
# custom:
#   id: TAVILY-101
#   owner: mcp-gateway shelf
allow contains {"id": "TAVILY-101", "reason": "reading"} if is_known

# METADATA
# title: No secret leaves in a question
# description: What is asked is kept by a service of others.
# custom:
#   id: TAVILY-201
#   remediation: Take the key or token out of the question.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "TAVILY-201", "reason": "secret_in_question"} if secrets.in_value(input.action.args)

# METADATA
# title: A question is only so long
# description: A long question carries text out rather than asking for something.
# custom:
#   id: TAVILY-202
#   remediation: Ask in at most {limit} characters.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "TAVILY-202", "reason": "too_long", "params": {"limit": config.most_characters}} if {
	some name in ["query", "instructions", "input"]
	count(input.action.args[name]) > config.most_characters
}

# METADATA
# title: Pages come from the hosts that are open to agents
# description: Not of this machine or its network.
# custom:
#   id: TAVILY-203
#   remediation: Name a whole http or https address{among}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "TAVILY-203", "reason": "other_host", "params": {"among": among}} if {
	some url in urls
	not may_be_read(url)
}

# METADATA
# title: Only so many answers are asked for
# custom:
#   id: TAVILY-204
#   remediation: Ask for at most {limit} with max_results.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "TAVILY-204", "reason": "more_than_max_results", "params": {"limit": config.most_answers}} if {
	asked := input.action.args.max_results
	asked > config.most_answers
}

# METADATA
# title: Only so many answers are asked for
# custom:
#   id: TAVILY-205
#   remediation: Ask for at most {limit} with limit.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "TAVILY-205", "reason": "more_than_limit", "params": {"limit": config.most_pages}} if {
	asked := input.action.args.limit
	asked > config.most_pages
}

# METADATA
# title: A crawl goes only so deep
# custom:
#   id: TAVILY-206
#   remediation: Ask for at most {limit} with max_depth.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "TAVILY-206", "reason": "more_than_max_depth", "params": {"limit": config.most_depth}} if {
	asked := input.action.args.max_depth
	asked > config.most_depth
}

# METADATA
# title: A crawl goes only so wide
# custom:
#   id: TAVILY-207
#   remediation: Ask for at most {limit} with max_breadth.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "TAVILY-207", "reason": "more_than_max_breadth", "params": {"limit": config.most_breadth}} if {
	asked := input.action.args.max_breadth
	asked > config.most_breadth
}

urls contains input.action.args.url

urls contains url if some url in input.action.args.urls

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
#   id: TAVILY-190
#   owner: mcp-gateway shelf
allow contains {"id": "TAVILY-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: TAVILY-390
#   owner: mcp-gateway shelf
obligations contains {"id": "TAVILY-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.tavily.tools, input.action)
