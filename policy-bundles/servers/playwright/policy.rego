# METADATA
# title: A browser
# description: |
#   A page that the browser opens was written by others, and the browser may be signed in where its user is. A click can
#   buy or send something; what a click does is not known here, so the places are bounded instead.
package playwright

import data.gateway.v1.globs
import data.gateway.v1.hosts
import data.gateway.v1.paths
import data.gateway.v1.secrets
import data.gateway.v1.tools
import data.playwright.config

# METADATA
# title: Pages are looked at
# custom:
#   id: BROWSE-101
#   owner: mcp-gateway shelf
allow contains {"id": "BROWSE-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Pages are opened and used
# custom:
#   id: BROWSE-102
#   owner: mcp-gateway shelf
allow contains {"id": "BROWSE-102", "reason": "using"} if {
	is_known
	input.action.effect == "write"
}

# METADATA
# title: The browser opens what is open to agents
# description: |
#   Not files, scripts or data in the place of an address, and not the network that the browser stands in.
# custom:
#   id: BROWSE-201
#   remediation: Open a whole http or https address{among}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "BROWSE-201", "reason": "other_host", "params": {"among": among}} if {
	url := input.action.args.url
	not goes_to_an_open_host(url)
}

# METADATA
# title: No program is run outside of the page
# description: Its code runs with the rights of the server, on its machine.
# custom:
#   id: BROWSE-202
#   remediation: Use the tools for clicking, typing and reading; browser_evaluate runs a function in the page.
#   alternatives: [browser_evaluate]
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "BROWSE-202", "reason": "runs_code"} if input.action.tool == "browser_run_code_unsafe"

# METADATA
# title: Files are uploaded from the folders that are open to agents
# custom:
#   id: BROWSE-203
#   remediation: Ask the user to upload it themselves, or to open its folder to agents.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "BROWSE-203", "reason": "file_not_open", "params": {"path": path}} if {
	some path in uploaded
	not is_within_a_folder(path)
}

# METADATA
# title: Files that hold secrets are not uploaded
# custom:
#   id: BROWSE-204
#   remediation: Leave {path} where it is.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "BROWSE-204", "reason": "secret_file", "params": {"path": path}} if {
	some path in uploaded
	some name in split(lower(paths.inside(path)), "/")
	globs.matches_any(config.secret_names, name)
}

# METADATA
# title: A file is saved below the folder of the server
# custom:
#   id: BROWSE-205
#   remediation: Give a plain name, or a path below it, without `..`.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "BROWSE-205", "reason": "saves_elsewhere"} if {
	path := input.action.args.filename
	not may_be_saved(path)
}

# METADATA
# title: No secret is typed into a page
# custom:
#   id: BROWSE-206
#   remediation: Ask the user to type it.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "BROWSE-206", "reason": "secret_typed"} if {
	input.action.effect == "write"
	secrets.in_value(input.action.args)
}

# METADATA
# title: A function of the agent runs in a page, with the rights of whoever is signed in there
# custom:
#   id: BROWSE-301
#   owner: mcp-gateway shelf
obligations contains {"id": "BROWSE-301", "type": "require_approval", "by": "user", "remember": "session"} if input.action.tool == "browser_evaluate"

goes_to_an_open_host(url) if {
	count(config.hosts) == 0
	hosts.is_public(url)
}

goes_to_an_open_host(url) if {
	hosts.is_web(url)
	hosts.allowed(url, array.concat(config.hosts, config.inside_hosts))
}

goes_to_an_open_host("about:blank")

among := "" if count(config.hosts) == 0

among := sprintf(" at one of %s", [concat(", ", array.concat(config.hosts, config.inside_hosts))]) if count(config.hosts) > 0

uploaded contains path if some path in input.action.args.paths

is_within_a_folder(path) if {
	some folder in config.folders
	paths.within(folder, path)
}

may_be_saved(path) if is_within_a_folder(path)

may_be_saved(path) if {
	paths.is_safe(path)
	not regex.match(`^[A-Za-z]:|^[/\\]`, path)
	not regex.match(`(?i)(?:^|[/\\])\.`, path)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: BROWSE-190
#   owner: mcp-gateway shelf
allow contains {"id": "BROWSE-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: BROWSE-390
#   owner: mcp-gateway shelf
obligations contains {"id": "BROWSE-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.playwright.tools, input.action)
