# METADATA
# title: Databases of MongoDB
# description: |
#   Some of what the server marks as reading writes: an aggregation can end in a collection, an export in a file, and
#   connecting reaches any host.
package mongodb

import data.gateway.v1.globs
import data.gateway.v1.tools
import data.mongodb.config

# METADATA
# title: Data is read
# custom:
#   id: MONGO-101
#   owner: mcp-gateway shelf
allow contains {"id": "MONGO-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Data is changed
# custom:
#   id: MONGO-102
#   owner: mcp-gateway shelf
allow contains {"id": "MONGO-102", "reason": "changing"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: Databases that are closed to agents are not used
# custom:
#   id: MONGO-201
#   remediation: Use a database that is open to agents; {database} is not.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "MONGO-201", "reason": "closed_database", "params": {"database": database}} if {
	database := input.action.args.database
	not is_open(database)
}

# METADATA
# title: What reads only reads
# description: $out and $merge write collections; $function, $where and $accumulator run programs in the database.
# custom:
#   id: MONGO-202
#   remediation: Leave {stage} out of the query.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "MONGO-202", "reason": "writes_or_runs", "params": {"stage": key}} if {
	walk(input.action.args, [path, _])
	some key in path
	key in {"$out", "$merge", "$function", "$where", "$accumulator", "$currentOp", "$listLocalSessions"}
}

# METADATA
# title: A change says which documents it is for
# description: Without one every document of the collection is changed or lost.
# custom:
#   id: MONGO-203
#   remediation: Add a filter that names the documents.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "MONGO-203", "reason": "no_filter"} if {
	input.action.tool in {"delete-many", "update-many"}
	count(object.get(input.action.args, "filter", {})) == 0
}

# METADATA
# title: Databases are not dropped
# custom:
#   id: MONGO-204
#   remediation: Tell the user that {database} can be dropped.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "MONGO-204", "reason": "drops_database", "params": {"database": input.action.args.database}} if input.action.tool == "drop-database"

# METADATA
# title: The server connects to open hosts
# description: A connection that the agent chooses can lead anywhere, and carry data there.
# custom:
#   id: MONGO-205
#   remediation: Use the connections that list-connections names; ask the user for another.
#   alternatives: [list-connections]
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "MONGO-205", "reason": "other_host"} if {
	input.action.tool == "connect"
	not connects_to_open_hosts
}

# METADATA
# title: Documents are changed or deleted
# custom:
#   id: MONGO-301
#   owner: mcp-gateway shelf
obligations contains {"id": "MONGO-301", "type": "require_approval", "by": "user", "remember": "session"} if input.action.tool in {"delete-many", "update-many"}

# METADATA
# title: A collection or an index is dropped or renamed
# custom:
#   id: MONGO-302
#   owner: mcp-gateway shelf
obligations contains {"id": "MONGO-302", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool in {"drop-collection", "drop-index", "rename-collection"}

# METADATA
# title: Data is written to a file of the machine of the server
# custom:
#   id: MONGO-303
#   owner: mcp-gateway shelf
obligations contains {"id": "MONGO-303", "type": "require_approval", "by": "user", "remember": "session"} if input.action.tool == "export"

is_open(database) if globs.matches_any(config.databases, database)

is_open(database) if {
	count(config.databases) == 0
	not globs.matches_any(config.closed_databases, database)
}

connects_to_open_hosts if {
	found := regex.find_all_string_submatch_n(`^mongodb(?:\+srv)?://(?:[^@/?#\\]*@)?([^@/?#\\]+)(?:[/?]|$)`, input.action.args.connectionString, 1)
	every name in split(found[0][1], ",") {
		regex.replace(name, `:[0-9]+$`, "") in config.hosts
	}
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: MONGO-190
#   owner: mcp-gateway shelf
allow contains {"id": "MONGO-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: MONGO-390
#   owner: mcp-gateway shelf
obligations contains {"id": "MONGO-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.mongodb.tools, input.action)
