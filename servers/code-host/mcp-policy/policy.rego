package code_host

import data.code_host.config
import data.gateway.v1.globs
import data.gateway.v1.paths

# METADATA
# title: Reading is allowed
# custom: {id: CODE-101}
allow contains {"id": "CODE-101", "reason": "reading"} if input.action.effect == "read"

# METADATA
# title: Work on branches and pull requests is allowed
# custom: {id: CODE-102}
allow contains {"id": "CODE-102", "reason": "working_on_a_branch"} if {
	input.action.tool in {"create_branch", "commit_file", "open_pull_request", "merge_pull_request"}
}

# METADATA
# title: Protected branches are never written directly
# description: What is on a protected branch has been reviewed. A commit to it would pass the review by.
# custom:
#   id: CODE-201
#   remediation: Commit to a branch of your own and open a pull request to {branch}.
#   remedy: open_a_pull_request
#   alternatives: [create_branch, open_pull_request]
#   retry: with_changes
#   owner: code-host maintainers
deny contains {"id": "CODE-201", "reason": "protected_branch", "params": {"branch": branch}} if {
	input.action.tool == "commit_file"
	branch := input.action.args.branch

	# Some file systems keep main and MAIN in one file.
	globs.matches_any(config.protected_branches, lower(branch))
}

# METADATA
# title: A pull request is merged for a maintainer only
# custom:
#   id: CODE-202
#   remediation: Ask a maintainer to merge pull request {number} of {repository}.
#   remedy: ask_a_maintainer
#   alternatives: [list_pull_requests]
#   owner: code-host maintainers
deny contains {
	"id": "CODE-202", "reason": "merge_needs_maintainer",
	"params": {"number": input.action.args.number, "repository": input.action.args.repository},
} if {
	input.action.tool == "merge_pull_request"
	not is_maintainer
}

# METADATA
# title: Nothing is deleted through an agent
# custom:
#   id: CODE-203
#   remediation: Leave {branch} as it is and tell the user that it can be deleted.
#   remedy: leave_it
#   owner: code-host maintainers
deny contains {"id": "CODE-203", "reason": "deletion", "params": {"branch": input.action.args.branch}} if {
	input.action.tool == "delete_branch"
}

# METADATA
# title: What runs on its own is changed by people
# description: Files that a machine runs as soon as they are merged, and the list of who must review what.
# custom:
#   id: CODE-204
#   remediation: Leave {path} as it is; describe the change that it needs in the pull request.
#   remedy: leave_it
#   retry: with_changes
#   owner: code-host maintainers
deny contains {"id": "CODE-204", "reason": "protected_path", "params": {"path": path}} if {
	input.action.tool == "commit_file"
	path := input.action.args.path
	paths.matches_any(config.protected_paths, path)
}

# METADATA
# title: No secret goes into a repository
# custom:
#   id: CODE-205
#   remediation: Take the key out of the file and read it from the environment instead.
#   remedy: remove_the_secret
#   retry: with_changes
#   owner: code-host maintainers
deny contains {"id": "CODE-205", "reason": "secret_in_content"} if {
	input.action.tool == "commit_file"
	regex.match(
		`-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abprs]-[0-9A-Za-z-]{10,})\b`,
		input.action.args.content,
	)
}

# METADATA
# title: A path stays inside its repository
# custom:
#   id: CODE-206
#   remediation: Give the path from the root of the repository, without `..` that climbs out of it.
#   remedy: name_the_path
#   retry: with_changes
#   owner: code-host maintainers
deny contains {"id": "CODE-206", "reason": "unsafe_path"} if {
	input.action.tool in {"read_file", "commit_file"}
	not path_is_safe
}

# METADATA
# title: A large file is hard to review
# custom: {id: CODE-301}
obligations contains {
	"id": "CODE-301", "type": "warn",
	"text": sprintf("This file has %d characters; smaller changes are reviewed sooner.", [count(content)]),
} if {
	input.action.tool == "commit_file"
	content := input.action.args.content
	count(content) >= config.large_file_characters
}

# METADATA
# title: Merges are kept for the audit
# custom: {id: CODE-302}
obligations contains {"id": "CODE-302", "type": "audit_required"} if input.action.tool == "merge_pull_request"

# METADATA
# title: A merge is confirmed by an owner of the repository
# custom: {id: CODE-303}
obligations contains {
	"id": "CODE-303", "type": "require_approval",
	"by": sprintf("group:%s", [config.merge_approvers]), "ttl_s": 28800,
} if {
	input.action.tool == "merge_pull_request"
}

# A rule of its own: `not f(x)` says nothing where x is absent, `not rule` is then true.
path_is_safe if paths.is_safe(input.action.args.path)

is_maintainer if {
	some group in input.user.groups
	group in config.merge_groups
}
