# METADATA
# title: Pages of the internet, read by a service
# description: |
#   The service runs elsewhere and is charged by page. One of the tools sends it files of this machine, although it is
#   marked as reading.
package firecrawl

import data.firecrawl.config
import data.gateway.v1.hosts
import data.gateway.v1.paths
import data.gateway.v1.secrets
import data.gateway.v1.tools

# METADATA
# title: Pages are searched and read
# custom:
#   id: FIRE-101
#   owner: mcp-gateway shelf
allow contains {"id": "FIRE-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Pages are crawled, used and watched
# custom:
#   id: FIRE-102
#   owner: mcp-gateway shelf
allow contains {"id": "FIRE-102", "reason": "using"} if {
	is_known
	input.action.effect in {"write", "destroy"}
	not input.action.tool in feedback
}

# METADATA
# title: Pages come from the hosts that are open to agents
# custom:
#   id: FIRE-201
#   remediation: Name a whole http or https address{among}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FIRE-201", "reason": "other_host", "params": {"among": among}} if {
	some url in urls
	not may_be_read(url)
}

# METADATA
# title: Files of this machine are sent from open folders only
# custom:
#   id: FIRE-202
#   remediation: Ask the user for the text of the file, or to open its folder to agents.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FIRE-202", "reason": "file_not_open"} if {
	path := input.action.args.filePath
	not is_within_a_folder(path)
}

# METADATA
# title: Results go to the agent and to nobody else
# custom:
#   id: FIRE-203
#   remediation: Leave webhooks and addresses of e-mail out, and ask for the status instead.
#   alternatives: [firecrawl_check_crawl_status]
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FIRE-203", "reason": "sends_elsewhere"} if sends_elsewhere

# METADATA
# title: Only so many pages are read
# custom:
#   id: FIRE-204
#   remediation: Ask for at most {limit} pages.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FIRE-204", "reason": "too_many_pages", "params": {"limit": config.most_pages}} if {
	asked := input.action.args.limit
	asked > config.most_pages
}

# METADATA
# title: No secret leaves
# custom:
#   id: FIRE-205
#   remediation: Take the key or token out.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FIRE-205", "reason": "secret_in_question"} if secrets.in_value(input.action.args)

# METADATA
# title: Nothing is told to the makers of the service
# custom:
#   id: FIRE-206
#   remediation: Go on without feedback.
#   remedy: leave_it
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "FIRE-206", "reason": "feedback"} if input.action.tool in feedback

# METADATA
# title: Whom a page belongs to is checked
# custom:
#   id: FIRE-207
#   remediation: Leave skipTlsVerification out.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FIRE-207", "reason": "skips_check"} if {
	walk(input.action.args, [path, true])
	path[count(path) - 1] == "skipTlsVerification"
}

# METADATA
# title: Many pages are read, or a job goes on by itself, and both cost money
# custom:
#   id: FIRE-301
#   owner: mcp-gateway shelf
obligations contains {"id": "FIRE-301", "type": "require_approval", "by": "user", "remember": "session"} if input.action.tool in {"firecrawl_crawl", "firecrawl_agent", "firecrawl_monitor_create", "firecrawl_monitor_update", "firecrawl_monitor_run"}

# METADATA
# title: Code or clicks of the agent run in a browser of the service
# custom:
#   id: FIRE-302
#   owner: mcp-gateway shelf
obligations contains {"id": "FIRE-302", "type": "require_approval", "by": "user", "remember": "session"} if runs_code

# METADATA
# title: A job that watches pages is deleted
# custom:
#   id: FIRE-303
#   owner: mcp-gateway shelf
obligations contains {"id": "FIRE-303", "type": "require_approval", "by": "user", "remember": "never"} if input.action.effect == "destroy"

feedback := {"firecrawl_feedback", "firecrawl_search_feedback"}

urls contains input.action.args.url

urls contains url if {
	some name in ["urls", "pages"]
	some url in input.action.args[name]
}

urls contains input.action.args.page

sends_elsewhere if {
	walk(input.action.args, [path, value])
	path[count(path) - 1] in {"webhook", "webhookUrl", "webhookHeaders", "email", "emails"}
	not value in {"", null}
}

runs_code if input.action.tool == "firecrawl_interact"

runs_code if {
	some step in input.action.args.actions
	step.type == "executeJavascript"
}

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

is_within_a_folder(path) if {
	some folder in config.folders
	paths.within(folder, path)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: FIRE-190
#   owner: mcp-gateway shelf
allow contains {"id": "FIRE-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: FIRE-390
#   owner: mcp-gateway shelf
obligations contains {"id": "FIRE-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.firecrawl.tools, input.action)
