# METADATA
# title: A cluster of Kubernetes
# description: |
#   The tools act with the rights of the configuration that the server was started with. A manifest reaches the server
#   as text, so what it may not hold is looked for as words.
package kubernetes

import data.gateway.v1.globs
import data.gateway.v1.tools
import data.kubernetes.config

# METADATA
# title: The state of the cluster is read
# custom:
#   id: KUBE-101
#   owner: mcp-gateway shelf
allow contains {"id": "KUBE-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Resources are changed
# custom:
#   id: KUBE-102
#   owner: mcp-gateway shelf
allow contains {"id": "KUBE-102", "reason": "changing"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: The keys to the cluster are not read
# description: The configuration holds tokens, in the clear.
# custom:
#   id: KUBE-201
#   remediation: Ask the user which cluster this is.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "KUBE-201", "reason": "reads_keys"} if input.action.tool == "configuration_view"

# METADATA
# title: Secrets are not read or changed
# custom:
#   id: KUBE-202
#   remediation: Ask the user for what you need to know of it; the names of other resources say which secrets they use.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "KUBE-202", "reason": "secret"} if regex.match(`(?i)^secrets?$`, input.action.args.kind)

# METADATA
# title: Namespaces that are closed to agents are not changed
# custom:
#   id: KUBE-203
#   remediation: Work in a namespace that is open to agents{among}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "KUBE-203", "reason": "closed_namespace", "params": {"among": among}} if {
	input.action.effect in {"write", "destroy"}
	namespace := input.action.args.namespace
	not is_open(namespace)
}

# METADATA
# title: Nothing that belongs to the whole cluster is changed
# custom:
#   id: KUBE-204
#   remediation: Name the namespace.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "KUBE-204", "reason": "whole_cluster"} if {
	input.action.tool in {"resources_delete", "resources_scale"}
	not input.action.args.namespace
}

# METADATA
# title: Only images that are open to agents are run
# custom:
#   id: KUBE-205
#   remediation: Ask the user to run {image}, or to open it to agents.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "KUBE-205", "reason": "other_image", "params": {"image": image}} if {
	image := input.action.args.image
	not globs.matches_any(config.images, image)
}

# METADATA
# title: A manifest gives no rights, and takes none of the machine
# description: Whoever may run a privileged pod, or mount the disk of a node, has the cluster.
# custom:
#   id: KUBE-206
#   remediation: Leave {word} out; ask the user to apply what needs it.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "KUBE-206", "reason": "closed_word", "params": {"word": word}} if {
	some word in words_of_manifest
	word in config.closed_words
}

# METADATA
# title: A manifest can be read as it stands
# custom:
#   id: KUBE-207
#   remediation: Write it without escapes.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "KUBE-207", "reason": "unreadable_manifest"} if regex.match(`\\[xuU]`, input.action.args.resource)

# METADATA
# title: A manifest stays in open namespaces
# custom:
#   id: KUBE-208
#   remediation: Work in a namespace that is open to agents{among}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "KUBE-208", "reason": "closed_namespace_in_manifest", "params": {"among": among}} if {
	some namespace in namespaces_of_manifest
	not is_open(namespace)
}

# METADATA
# title: Logs of a node are named by their service
# description: A path would be read from the disk of the node.
# custom:
#   id: KUBE-209
#   remediation: Name a service, such as kubelet.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "KUBE-209", "reason": "log_file"} if regex.match(`[/\\]|\.\.`, input.action.args.query)

# METADATA
# title: A command runs in a container
# custom:
#   id: KUBE-301
#   owner: mcp-gateway shelf
obligations contains {"id": "KUBE-301", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool == "pods_exec"

# METADATA
# title: Resources are deleted
# custom:
#   id: KUBE-302
#   owner: mcp-gateway shelf
obligations contains {"id": "KUBE-302", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool in {"pods_delete", "resources_delete"}

# METADATA
# title: Resources are made, changed or scaled
# custom:
#   id: KUBE-303
#   owner: mcp-gateway shelf
obligations contains {"id": "KUBE-303", "type": "require_approval", "by": "user", "remember": "session"} if input.action.tool in {"resources_create_or_update", "resources_scale", "pods_run"}

is_open(namespace) if {
	not globs.matches_any(config.closed_namespaces, namespace)
	count(config.namespaces) == 0
}

is_open(namespace) if {
	not globs.matches_any(config.closed_namespaces, namespace)
	globs.matches_any(config.namespaces, namespace)
}

among := "" if count(config.namespaces) == 0

among := sprintf(": %s", [concat(", ", config.namespaces)]) if count(config.namespaces) > 0

words_of_manifest contains word[0] if {
	some word in regex.find_all_string_submatch_n(`[A-Za-z_]+`, input.action.args.resource, -1)
}

namespaces_of_manifest contains found[1] if {
	some found in regex.find_all_string_submatch_n(
		`(?:^|[\s,{])["']?namespace["']?\s*:\s*["']?([A-Za-z0-9.-]+)`,
		input.action.args.resource, -1,
	)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: KUBE-190
#   owner: mcp-gateway shelf
allow contains {"id": "KUBE-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: KUBE-390
#   owner: mcp-gateway shelf
obligations contains {"id": "KUBE-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.kubernetes.tools, input.action)
