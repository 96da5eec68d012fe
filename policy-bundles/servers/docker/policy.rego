# METADATA
# title: Containers on this machine
# description: |
#   Whoever may start any container has the machine: a container can mount its disk.
package docker

import data.docker.config
import data.gateway.v1.globs
import data.gateway.v1.paths
import data.gateway.v1.secrets
import data.gateway.v1.tools

# METADATA
# title: Containers, images and logs are listed
# custom:
#   id: DOCKER-101
#   owner: mcp-gateway shelf
allow contains {"id": "DOCKER-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Containers are run, and images made
# custom:
#   id: DOCKER-102
#   owner: mcp-gateway shelf
allow contains {"id": "DOCKER-102", "reason": "running"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: A container mounts nothing of the machine
# custom:
#   id: DOCKER-201
#   remediation: Use a volume of Docker, without {source}; ask the user to open the folder to agents if it is needed.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "DOCKER-201", "reason": "mounts_folder", "params": {"source": source}} if {
	some source in mounted
	not is_within_a_folder(source)
}

# METADATA
# title: A container has a network of its own
# description: On the network of the machine it reaches what listens there for the machine alone.
# custom:
#   id: DOCKER-202
#   remediation: Use a network of Docker, or none.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "DOCKER-202", "reason": "foreign_network"} if regex.match(`(?i)^(?:host$|container:)`, input.action.args.network)

# METADATA
# title: An image is built from an open folder
# description: Everything below the folder goes into the image.
# custom:
#   id: DOCKER-203
#   remediation: Build from a folder that is open to agents.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "DOCKER-203", "reason": "other_folder"} if {
	input.action.tool == "build_image"
	not is_within_a_folder(input.action.args.path)
}

# METADATA
# title: Images are pushed to open places
# custom:
#   id: DOCKER-204
#   remediation: Ask the user to push it.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "DOCKER-204", "reason": "other_registry"} if {
	input.action.tool == "push_image"
	not globs.matches_any(config.registries, input.action.args.repository)
}

# METADATA
# title: No secret goes into the settings of a container
# description: Everybody who may list containers reads their environment.
# custom:
#   id: DOCKER-205
#   remediation: Ask the user to put it into a secret or a file of settings.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "DOCKER-205", "reason": "secret_in_environment"} if secrets.in_value(input.action.args)

# METADATA
# title: A container runs an image that is not known here
# custom:
#   id: DOCKER-301
#   owner: mcp-gateway shelf
obligations contains {"id": "DOCKER-301", "type": "require_approval", "by": "user", "remember": "session"} if {
	input.action.tool in {"create_container", "run_container", "recreate_container", "pull_image", "build_image"}
	not runs_open_image
}

# METADATA
# title: A volume is removed with what is in it
# custom:
#   id: DOCKER-302
#   owner: mcp-gateway shelf
obligations contains {"id": "DOCKER-302", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool == "remove_volume"

# METADATA
# title: Containers, images or networks are removed
# custom:
#   id: DOCKER-303
#   owner: mcp-gateway shelf
obligations contains {"id": "DOCKER-303", "type": "require_approval", "by": "user", "remember": "session"} if input.action.tool in {"remove_container", "remove_image", "remove_network"}

runs_open_image if globs.matches_any(config.images, input.action.args.image)

mounted contains source if {
	some source, _ in input.action.args.volumes
	is_string(source)
	is_path(source)
}

mounted contains source if {
	some mount in input.action.args.volumes
	is_string(mount)
	is_path(mount)
	source := source_of(mount)
}

is_path(text) if regex.match(`^[/.~\\]|^[A-Za-z]:[/\\]|[/\\]`, source_of(text))

source_of(mount) := split(mount, ":")[0]

is_within_a_folder(path) if {
	some folder in config.folders
	paths.within(folder, path)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: DOCKER-190
#   owner: mcp-gateway shelf
allow contains {"id": "DOCKER-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: DOCKER-390
#   owner: mcp-gateway shelf
obligations contains {"id": "DOCKER-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.docker.tools, input.action)
