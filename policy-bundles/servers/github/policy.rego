# METADATA
# title: Repositories on GitHub
# description: |
#   The tools act with the token of whoever started the server, on every repository that it reaches. What an agent reads
#   there, in issues above all, was written by others.
package github

import data.gateway.v1.globs
import data.gateway.v1.paths
import data.gateway.v1.secrets
import data.gateway.v1.tools
import data.github.config

# METADATA
# title: Repositories, issues and pull requests are read
# custom:
#   id: GH-101
#   owner: mcp-gateway shelf
allow contains {"id": "GH-101", "reason": "reading"} if {
	is_known
	input.action.effect == "read"
}

# METADATA
# title: Work on branches, issues and pull requests
# custom:
#   id: GH-102
#   owner: mcp-gateway shelf
allow contains {"id": "GH-102", "reason": "working"} if {
	is_known
	input.action.effect in {"write", "destroy"}
}

# METADATA
# title: Protected branches are changed by pull requests
# custom:
#   id: GH-201
#   remediation: Make a branch with create_branch, write to that, and open a pull request to {branch}.
#   remedy: open_a_pull_request
#   alternatives: [create_branch, create_pull_request]
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GH-201", "reason": "protected_branch", "params": {"branch": branch}} if {
	input.action.tool in {"create_or_update_file", "push_files"}
	branch := input.action.args.branch
	globs.matches_any(config.protected_branches, lower(trim_prefix(branch, "refs/heads/")))
}

# METADATA
# title: Only the repositories that are open to agents are changed
# custom:
#   id: GH-202
#   remediation: Work in one of {repositories}.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GH-202", "reason": "other_repository", "params": {"repositories": concat(", ", config.repositories)}} if {
	count(config.repositories) > 0
	input.action.effect in {"write", "destroy"}
	not globs.matches_any(lowered(config.repositories), repository)
}

# METADATA
# title: Only the repositories that are open to agents are read
# custom:
#   id: GH-203
#   remediation: Read from one of {repositories}; a search reads from all, so it is not open.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GH-203", "reason": "closed_repository", "params": {"repositories": concat(", ", config.readable_repositories)}} if {
	count(config.readable_repositories) > 0
	input.action.effect == "read"
	not globs.matches_any(lowered(config.readable_repositories), repository)
}

# METADATA
# title: What runs on its own is changed by people
# description: Workflows run with the secrets of the repository; CODEOWNERS says who must review.
# custom:
#   id: GH-204
#   remediation: Leave {path} as it is, and describe in the pull request what it needs.
#   remedy: leave_it
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GH-204", "reason": "guarded_path", "params": {"path": path}} if {
	some path in written_paths
	paths.matches_any(config.guarded_paths, path)
}

# METADATA
# title: A path stays inside its repository
# custom:
#   id: GH-205
#   remediation: Give the path from the root of the repository.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GH-205", "reason": "unsafe_path"} if {
	some path in written_paths
	not paths.is_safe(path)
}

# METADATA
# title: No secret goes into a repository, an issue or a comment
# description: What was on GitHub once has to be taken for known.
# custom:
#   id: GH-206
#   remediation: Take the key or token out.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GH-206", "reason": "secret_in_text"} if {
	input.action.effect in {"write", "destroy"}
	secrets.in_value(input.action.args)
}

# METADATA
# title: A new repository is private
# custom:
#   id: GH-207
#   remediation: Set private to true.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GH-207", "reason": "public_repository"} if {
	input.action.tool == "create_repository"
	not config.allow_public_repositories
	not input.action.args.private
}

# METADATA
# title: An agent does not approve changes
# custom:
#   id: GH-208
#   remediation: Review with COMMENT or REQUEST_CHANGES, and let a person approve.
#   retry: with_changes
#   owner: mcp-gateway shelf
deny contains {"id": "GH-208", "reason": "approves"} if {
	input.action.tool == "create_pull_request_review"
	not config.allow_approving
	input.action.args.event == "APPROVE"
}

# METADATA
# title: A pull request is merged
# description: Asked each time.
# custom:
#   id: GH-301
#   owner: mcp-gateway shelf
obligations contains {"id": "GH-301", "type": "require_approval", "by": "user", "remember": "never"} if input.action.tool == "merge_pull_request"

# METADATA
# title: A repository is made or copied
# custom:
#   id: GH-302
#   owner: mcp-gateway shelf
obligations contains {"id": "GH-302", "type": "require_approval", "by": "user", "remember": "session"} if input.action.tool in {"create_repository", "fork_repository"}

# METADATA
# title: An agent writes to GitHub in your name
# description: |
#   Asked once for each tool, as long as the configuration does not say in which repositories an agent may work.
# custom:
#   id: GH-303
#   owner: mcp-gateway shelf
obligations contains {"id": "GH-303", "type": "require_approval", "by": "user", "remember": "pin"} if {
	count(config.repositories) == 0
	input.action.effect in {"write", "destroy"}
}

default repository := ""

repository := lower(sprintf("%s/%s", [input.action.args.owner, input.action.args.repo]))

lowered(names) := [lower(name) | some name in names]

written_paths contains input.action.args.path if input.action.tool == "create_or_update_file"

written_paths contains file.path if some file in input.action.args.files

# METADATA
# title: A tool or an argument that this policy does not know is allowed, once its user has confirmed it
# description: A newer version of the server may bring both.
# custom:
#   id: GH-190
#   owner: mcp-gateway shelf
allow contains {"id": "GH-190", "reason": "not_known_here"} if not is_known

# METADATA
# title: This tool, or an argument of it, is newer than the policy; confirm it if you know what it does
# custom:
#   id: GH-390
#   owner: mcp-gateway shelf
obligations contains {"id": "GH-390", "type": "require_approval", "by": "user", "remember": "pin"} if not is_known

is_known if tools.knows(data.github.tools, input.action)
