# METADATA
# title: The whole of this machine
# description: |
#   Files, programs and settings, without bounds of its own: the server lets its own limits be changed by a tool.
#   Whether a folder of a path is a symbolic link is not known here.
package desktop_commander

import data.desktop_commander.config
import data.gateway.v1.globs
import data.gateway.v1.hosts
import data.gateway.v1.paths
import data.gateway.v1.tools

# METADATA
# title: Files, searches and processes are looked at
# custom:
#   id: DESK-101
#   owner: mcp-gateway shelf
allow contains {"id": "DESK-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Files are written, and programs run
# custom:
#   id: DESK-102
#   owner: mcp-gateway shelf
allow contains {"id": "DESK-102", "reason": "working"} if {
	is_known
	input.action.effect in {"write", "destroy"}
	input.action.tool != "set_config_value"
}

# METADATA
# title: The limits of the server are not changed
# description: With it an agent takes back what keeps it from commands and folders.
# custom:
#   id: DESK-201
#   remediation: Ask the user to change the settings of the server.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "DESK-201", "reason": "changes_limits"} if input.action.tool == "set_config_value"

# METADATA
# title: A path says where it leads
# custom:
#   id: DESK-202
#   remediation: Give the path from the root of the disk, without `~`, and without `..` that climbs above it.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "DESK-202", "reason": "unsafe_path"} if {
	some path in named_paths
	not paths.is_safe(path)
}

# METADATA
# title: Files outside the folders that are open to agents stay untouched
# custom:
#   id: DESK-203
#   remediation: Use a path below one of {roots}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "DESK-203", "reason": "outside_roots", "params": {"roots": concat(", ", config.roots)}} if {
	count(config.roots) > 0
	some path in named_paths
	paths.is_safe(path)
	not is_within_a_root(path)
}

# METADATA
# title: Files that hold secrets are neither read nor written
# custom:
#   id: DESK-204
#   remediation: Do without {path}; ask the user for what you need to know of it.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "DESK-204", "reason": "secret_file", "params": {"path": path}} if {
	some path in named_paths
	some name in split(lower(paths.inside(path)), "/")
	globs.matches_any(config.secret_names, name)
}

# METADATA
# title: What programs run or obey on their own is not written
# custom:
#   id: DESK-205
#   remediation: Show the user what {path} should say, and let them write it.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "DESK-205", "reason": "guarded_file", "params": {"path": path}} if {
	input.action.effect in {"write", "destroy"}
	some path in named_paths
	some name in split(lower(paths.inside(path)), "/")
	globs.matches_any(config.guarded_names, name)
}

# METADATA
# title: An address leads to the public internet
# custom:
#   id: DESK-206
#   remediation: Name a whole http or https address of a host of the public internet.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "DESK-206", "reason": "not_public"} if {
	reads_address
	not hosts.is_public(input.action.args.path)
}

# METADATA
# title: Nothing is told to the makers of the server
# custom:
#   id: DESK-207
#   remediation: Go on without feedback.
#   retry: never
#   owner: mcp-gateway shelf
deny contains {"id": "DESK-207", "reason": "feedback"} if input.action.tool == "give_feedback_to_desktop_commander"

# METADATA
# title: A command runs on this machine, with all your rights
# description: Asked each time, unless the command is one of those that the configuration opens to agents.
# custom:
#   id: DESK-301
#   owner: mcp-gateway shelf
obligations contains {"id": "DESK-301", "type": "require_approval", "by": "user", "remember": "never"} if {
	input.action.tool in {"start_process", "interact_with_process"}
	not is_open_command
}

# METADATA
# title: A process is ended
# custom:
#   id: DESK-302
#   owner: mcp-gateway shelf
obligations contains {"id": "DESK-302", "type": "require_approval", "by": "user", "remember": "session"} if input.action.tool in {"force_terminate", "kill_process"}

# METADATA
# title: An agent works on files anywhere on this machine
# description: |
#   Asked once for each tool, as long as the configuration does not say in which folders an agent may work.
# custom:
#   id: DESK-303
#   owner: mcp-gateway shelf
obligations contains {"id": "DESK-303", "type": "require_approval", "by": "user", "remember": "pin"} if {
	count(config.roots) == 0
	count(named_paths) > 0
}

named_paths contains path if {
	not reads_address
	some name in ["path", "source", "destination", "file_path", "outputPath"]
	path := input.action.args[name]
}

named_paths contains path if some path in input.action.args.paths

reads_address if input.action.args.isUrl == true

reads_address if hosts.is_web(input.action.args.path)

is_within_a_root(path) if {
	some root in config.roots
	paths.within(root, path)
}

is_open_command if {
	command := input.action.args.command
	not regex.match("[;&|<>$`\\n\\r(){}!\\\\]", command)
	globs.matches_any(config.commands, command)
}

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: DESK-190
#   owner: mcp-gateway shelf
allow contains {"id": "DESK-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: DESK-390
#   owner: mcp-gateway shelf
obligations contains {"id": "DESK-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.desktop_commander.tools, input.action)
