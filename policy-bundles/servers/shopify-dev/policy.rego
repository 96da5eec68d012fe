# METADATA
# title: Documentation of Shopify
# description: |
#   The tools read no shop. Some ask for what the user said.
package shopify_dev

import data.gateway.v1.paths
import data.gateway.v1.secrets
import data.gateway.v1.tools
import data.shopify_dev.config

# METADATA
# title: Documentation is read, and code checked
# custom:
#   id: SHOPDEV-101
#   owner: mcp-gateway shelf
allow contains {"id": "SHOPDEV-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Nothing is told to the makers of the server
# custom:
#   id: SHOPDEV-201
#   remediation: Go on without feedback.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "SHOPDEV-201", "reason": "feedback"} if input.action.tool == "feedback"

# METADATA
# title: What the user said stays here
# custom:
#   id: SHOPDEV-202
#   remediation: Leave user_prompt out.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SHOPDEV-202", "reason": "tells_user_words"} if {
	said := input.action.args.user_prompt
	said != ""
}

# METADATA
# title: A question is short, and holds no secret
# custom:
#   id: SHOPDEV-203
#   remediation: Ask in at most {limit} characters, without keys or tokens.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SHOPDEV-203", "reason": "too_long_or_secret", "params": {"limit": config.most_characters}} if is_doubtful

# METADATA
# title: Themes are checked in the folders that are open to agents
# custom:
#   id: SHOPDEV-204
#   remediation: Name a theme in a folder that is open to agents.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "SHOPDEV-204", "reason": "outside_roots"} if {
	path := input.action.args.absoluteThemePath
	not is_within_a_root(path)
}

is_doubtful if count(input.action.args.prompt) > config.most_characters

is_doubtful if secrets.in_value(input.action.args)

is_within_a_root(path) if {
	count(config.roots) == 0
	paths.is_safe(path)
}

is_within_a_root(path) if {
	some root in config.roots
	paths.within(root, path)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: SHOPDEV-190
#   owner: mcp-gateway shelf
allow contains {"id": "SHOPDEV-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: SHOPDEV-390
#   owner: mcp-gateway shelf
obligations contains {"id": "SHOPDEV-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.shopify_dev.tools, input.action)
