# METADATA
# title: Whose folders and hosts these are, from two tables
package bench_resource

import data.bench_resource.config
import data.gateway.v1.effects
import data.gateway.v1.globs
import data.gateway.v1.paths

# METADATA
# title: The owner of the folder gave it to the agent
# custom: {id: BRES-101}
allow contains {"id": "BRES-101", "reason": "granted_by_owner", "params": {"owner": folder.owner}} if is_granted

# METADATA
# title: A call without a path touches no folder
# custom: {id: BRES-102}
allow contains {"id": "BRES-102", "reason": "no_folder"} if not has_path

# METADATA
# title: The folder is known
# custom: {id: BRES-201, remediation: Work in a folder that has an owner.}
deny contains {"id": "BRES-201", "reason": "unknown_folder"} if {
	has_path
	not folder
}

# METADATA
# title: The folder is open to the agent
# custom: {id: BRES-202, remediation: 'Ask {owner}.'}
deny contains {"id": "BRES-202", "reason": "folder_not_granted", "params": {"owner": folder.owner}} if {
	folder
	not is_granted
}

# METADATA
# title: The user may see what the folder holds
# custom: {id: BRES-203, remediation: 'Ask for access to {class} data.'}
deny contains {"id": "BRES-203", "reason": "class_not_authorized", "params": {"class": folder.class}} if {
	not folder.class in input.user.data_classifications_authorized
}

# METADATA
# title: The agent may see what the folder holds
# custom: {id: BRES-204, remediation: 'Ask for access to {class} data.'}
deny contains {"id": "BRES-204", "reason": "class_not_granted", "params": {"class": folder.class}} if {
	classes := input.identity.capabilities.data_class
	not folder.class in classes
}

# METADATA
# title: An archive is only read
# custom: {id: BRES-205, remediation: Work in a folder that is not archived.}
deny contains {"id": "BRES-205", "reason": "archived"} if {
	folder.archived
	effects.changes(input.action.effect)
}

# METADATA
# title: A host has an owner
# custom: {id: BRES-206, remediation: 'Leave {host} out.', retry: with_changes}
deny contains {"id": "BRES-206", "reason": "host_without_owner", "params": {"host": host}} if {
	some host in input.action.args.hosts
	not config.hosts[host]
}

# METADATA
# title: Some servers are not shown
# custom: {id: BRES-301}
hide contains {"id": "BRES-301", "reason": "not_for_agents"} if {
	some entry in config.hidden
	globs.matches_any(entry.servers, input.server.id)
	globs.matches_any(entry.tools, input.action.tool)
}

folder := config.folders[split(paths.inside(input.action.args.path), "/")[2]]

has_path if is_string(input.action.args.path)

is_granted if globs.matches_any(folder.agents, input.agent.id)
