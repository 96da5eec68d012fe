# METADATA
# title: Designs of Figma
package figma

import data.figma.config
import data.gateway.v1.paths
import data.gateway.v1.tools

# METADATA
# title: Designs are read
# custom:
#   id: FIGMA-101
#   owner: mcp-gateway shelf
allow contains {"id": "FIGMA-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Images are saved
# custom:
#   id: FIGMA-102
#   owner: mcp-gateway shelf
allow contains {"id": "FIGMA-102", "reason": "saving"} if {
	is_known
	input.action.effect == "write"
}

# METADATA
# title: Images are saved in their place
# custom:
#   id: FIGMA-201
#   remediation: Give a path that does not begin with a slash or a dot and does not climb, or one of the open folders.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FIGMA-201", "reason": "saves_elsewhere"} if {
	path := input.action.args.localPath
	not may_be_saved(path)
}

# METADATA
# title: A file has a plain name of an image
# custom:
#   id: FIGMA-202
#   remediation: Call it as an image, such as button.png, without folders.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FIGMA-202", "reason": "not_an_image"} if {
	some node in input.action.args.nodes
	name := node.fileName
	not regex.match(`(?i)^[a-z0-9][a-z0-9 _.@-]*\.(?:png|svg|gif|jpe?g|webp|pdf)$`, name)
}

is_within_a_folder(path) if {
	some folder in config.folders
	paths.within(folder, path)
}

may_be_saved(path) if is_within_a_folder(path)

may_be_saved(path) if {
	paths.is_safe(path)
	not regex.match(`^[A-Za-z]:|(?:^|[/\\])\.|^[/\\]`, path)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: FIGMA-190
#   owner: mcp-gateway shelf
allow contains {"id": "FIGMA-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: FIGMA-390
#   owner: mcp-gateway shelf
obligations contains {"id": "FIGMA-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.figma.tools, input.action)
