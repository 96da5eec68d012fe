# METADATA
# title: Indices of Elasticsearch
package elasticsearch

import data.elasticsearch.config
import data.gateway.v1.globs
import data.gateway.v1.tools

# METADATA
# title: Indices are searched
# custom:
#   id: ELASTIC-101
#   owner: mcp-gateway shelf
allow contains {"id": "ELASTIC-101", "reason": "reading"} if is_known

# METADATA
# title: Indices that are closed to agents are not searched
# description: Indices with a leading dot hold accounts and the state of the cluster, and `*` holds all.
# custom:
#   id: ELASTIC-201
#   remediation: Name indices that are open to agents{among}, without a leading dot.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "ELASTIC-201", "reason": "closed_index", "params": {"among": among}} if {
	some pattern in asked_indices
	not is_open(pattern)
}

# METADATA
# title: A search runs no program
# custom:
#   id: ELASTIC-202
#   remediation: Leave {key} out of the query.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "ELASTIC-202", "reason": "runs_script", "params": {"key": key}} if {
	walk(input.action.args.queryBody, [path, _])
	some key in path
	key in {"script", "script_fields", "script_score", "scripted_metric", "runtime_mappings", "percolate"}
}

# METADATA
# title: A search returns only so much
# custom:
#   id: ELASTIC-203
#   remediation: Ask for at most {limit} hits, and narrow the query.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "ELASTIC-203", "reason": "too_many_hits", "params": {"limit": config.most_hits}} if {
	size := input.action.args.queryBody.size
	size > config.most_hits
}

asked_indices contains trim_space(name) if {
	some argument in ["index", "indexPattern"]
	input.action.tool != "list_indices"
	some name in split(input.action.args[argument], ",")
}

is_open(name) if {
	count(config.indices) == 0
	not startswith(trim_left(name, "-+"), ".")
	not name in {"", "*", "_all", "*:*"}
	not startswith(name, "*")
}

is_open(name) if globs.matches_any(config.indices, name)

among := "" if count(config.indices) == 0

among := sprintf(" (%s)", [concat(", ", config.indices)]) if count(config.indices) > 0

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: ELASTIC-190
#   owner: mcp-gateway shelf
allow contains {"id": "ELASTIC-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: ELASTIC-390
#   owner: mcp-gateway shelf
obligations contains {"id": "ELASTIC-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.elasticsearch.tools, input.action)
