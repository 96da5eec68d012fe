# METADATA
# title: A repository on this machine
# description: |
#   The server has no push: whatever it does stays on this machine until somebody sends it away. Which branch is checked
#   out is not known here.
package git

import data.gateway.v1.globs
import data.gateway.v1.paths
import data.gateway.v1.tools
import data.git.config

# METADATA
# title: Status, history and differences are read
# custom:
#   id: GIT-101
#   owner: mcp-gateway shelf
allow contains {"id": "GIT-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Files are staged and committed, branches made and checked out
# custom:
#   id: GIT-102
#   owner: mcp-gateway shelf
allow contains {"id": "GIT-102", "reason": "working"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: Only the repositories that are open to agents are used
# description: Also refused is a path that climbs out of its start or begins with ~.
# custom:
#   id: GIT-201
#   remediation: Use one of {repositories}, with its whole path.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GIT-201", "reason": "outside_repositories", "params": {"repositories": named_repositories}} if {
	path := input.action.args.repo_path
	not may_be_used(path)
}

# METADATA
# title: A name is not an option of git
# description: Git would read it as an option, and some options write files or run programs.
# custom:
#   id: GIT-202
#   remediation: Name a commit, a branch or a time; it does not begin with a hyphen.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GIT-202", "reason": "looks_like_option"} if {
	some name in ["target", "revision", "branch_name", "base_branch", "contains", "not_contains", "start_timestamp", "end_timestamp"]
	startswith(input.action.args[name], "-")
}

# METADATA
# title: Protected branches are not checked out
# custom:
#   id: GIT-203
#   remediation: Make a branch of your own with git_create_branch, and check that out instead of {branch}.
#   alternatives: [git_create_branch]
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GIT-203", "reason": "protected_branch", "params": {"branch": branch}} if {
	input.action.tool == "git_checkout"
	branch := input.action.args.branch_name
	globs.matches_any(config.protected_branches, lower(branch))
}

# METADATA
# title: Files that hold secrets are not committed
# custom:
#   id: GIT-204
#   remediation: Leave {file} out, and tell the user if .gitignore should name it.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GIT-204", "reason": "secret_file", "params": {"file": file}} if {
	input.action.tool == "git_add"
	some file in input.action.args.files
	some name in split(lower(replace(file, `\\`, "/")), "/")
	globs.matches_any(config.secret_names, name)
	not globs.matches_any(config.harmless_names, name)
}

# METADATA
# title: Files are staged by name
# description: What stages everything stages what nobody looked at, secrets too.
# custom:
#   id: GIT-205
#   remediation: Name the files; git_status lists them.
#   alternatives: [git_status]
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GIT-205", "reason": "stages_everything"} if {
	input.action.tool == "git_add"
	some file in input.action.args.files
	stages_more_than_it_names(file)
}

# METADATA
# title: What is staged is given up
# description: The files stay as they are.
# custom:
#   id: GIT-301
#   owner: mcp-gateway shelf
obligations contains {"id": "GIT-301", "type": "require_approval", "by": "user", "remember": "pin"} if input.action.tool == "git_reset"

# `./.` and `**` are everything, too; what begins with a colon says what is left out, or where to begin.
stages_more_than_it_names(file) if trim(file, "./\\* ") == ""

stages_more_than_it_names(file) if startswith(file, ":")

stages_more_than_it_names(file) if file in {"-A", "--all", "-u", "--update"}

may_be_used(path) if {
	count(config.repositories) == 0
	paths.is_safe(path)
}

may_be_used(path) if {
	some folder in config.repositories
	paths.within(folder, path)
}

named_repositories := "the repositories of the server" if count(config.repositories) == 0

named_repositories := concat(", ", config.repositories) if count(config.repositories) > 0

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: GIT-190
#   owner: mcp-gateway shelf
allow contains {"id": "GIT-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: GIT-390
#   owner: mcp-gateway shelf
obligations contains {"id": "GIT-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.git.tools, input.action)
