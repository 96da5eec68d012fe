# METADATA
# title: Files of the folders that the server was given
# description: |
#   The server keeps to the folders of its command line, or to those that the client names. This policy adds what those
#   folders may hold that an agent should not touch. Paths are compared in one form; whether one of their folders is a
#   symbolic link is not known here, the server looks at that.
package filesystem

import data.filesystem.config
import data.gateway.v1.globs
import data.gateway.v1.paths
import data.gateway.v1.tools

# METADATA
# title: Files and folders are read
# custom:
#   id: FILE-101
#   owner: mcp-gateway shelf
allow contains {"id": "FILE-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Files are written, edited and moved, and folders are made
# custom:
#   id: FILE-102
#   owner: mcp-gateway shelf
allow contains {"id": "FILE-102", "reason": "writing"} if {
	is_known
	input.action.tool in writing_tools
}

# METADATA
# title: A path says where it leads
# description: What climbs out of its start, begins with ~, or is encoded, cannot be compared with any rule.
# custom:
#   id: FILE-201
#   remediation: Give the path from the root of the disk, without `~`, and without `..` that climbs above it.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FILE-201", "reason": "unsafe_path"} if {
	some path in named_paths
	not canonical[path]
}

# METADATA
# title: Files outside the folders that are open to agents stay untouched
# custom:
#   id: FILE-202
#   remediation: Use a path below one of {roots}; ask the user to open {path} to agents if it is needed.
#   alternatives: [list_allowed_directories]
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "FILE-202", "reason": "outside_roots", "params": {"path": path, "roots": concat(", ", config.roots)}} if {
	count(config.roots) > 0
	some path, _ in canonical
	not is_within_a_root(path)
}

# METADATA
# title: Files that hold secrets are neither read nor written
# custom:
#   id: FILE-203
#   remediation: Do without {path}; ask the user for what you need to know of it, or for a copy without secrets.
#   remedy: do_without
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "FILE-203", "reason": "secret_file", "params": {"path": path}} if {
	some path, _ in canonical
	some name in names_of(path)
	globs.matches_any(config.secret_names, name)
	not globs.matches_any(config.harmless_names, name)
}

# METADATA
# title: What programs run or obey on their own is not written
# description: |
#   A hook of git, a start file of a shell, or settings of an editor become a program that runs as the user.
# custom:
#   id: FILE-204
#   remediation: Show the user what {path} should say, and let them write it.
#   remedy: show_the_change
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "FILE-204", "reason": "guarded_file", "params": {"path": path}} if {
	input.action.tool in writing_tools
	not is_a_rehearsal
	some path, _ in canonical
	some name in names_of(path)
	globs.matches_any(config.guarded_names, name)
}

# METADATA
# title: A whole file is written, and what stood there is lost
# description: |
#   Asked once; edit_file changes only what it quotes, and move_file does not replace a file, so neither is asked about.
# custom:
#   id: FILE-301
#   owner: mcp-gateway shelf
obligations contains {"id": "FILE-301", "type": "require_approval", "by": "user", "remember": "pin"} if {
	config.confirm_overwriting
	input.action.tool == "write_file"
}

writing_tools := {"write_file", "edit_file", "move_file", "create_directory"}

named_paths contains input.action.args[name] if some name in ["path", "source", "destination"]

named_paths contains path if some path in input.action.args.paths

is_within_a_root(path) if {
	some root in config.roots
	paths.within(root, path)
}

# Found once for all rules: a call may name many paths.
canonical[path] := paths.canonical(path) if some path in named_paths

names_of(path) := split(lower(canonical[path]), "/")

is_a_rehearsal if input.action.args.dryRun == true

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: FILE-190
#   owner: mcp-gateway shelf
allow contains {"id": "FILE-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: FILE-390
#   owner: mcp-gateway shelf
obligations contains {"id": "FILE-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.filesystem.tools, input.action)
