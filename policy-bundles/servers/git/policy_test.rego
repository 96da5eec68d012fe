package git_test

import data.gateway.v1.inputs
import data.git

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("git", tool, effect, args)

configured(change) := object.union(data.git.config, change)

test_working_on_a_repository_is_allowed if {
	ids(git.allow) == {"GIT-101"} with input as call("git_status", "read", {"repo_path": "/home/mia/work"})
	git.deny == set() with input as call("git_status", "read", {"repo_path": "/home/mia/work"})
	git.obligations == set() with input as call("git_status", "read", {"repo_path": "/home/mia/work"})
	ids(git.allow) == {"GIT-102"} with input as call("git_commit", "write", {"repo_path": "/home/mia/work", "message": "-m"})
	git.deny == set() with input as call("git_commit", "write", {"repo_path": "/home/mia/work", "message": "-m"})
	git.obligations == set() with input as call("git_commit", "write", {"repo_path": "/home/mia/work", "message": "-m"})
	ids(git.allow) == {"GIT-102"} with input as call("git_checkout", "write", {"repo_path": "/home/mia/work", "branch_name": "main"})
	git.deny == set() with input as call("git_checkout", "write", {"repo_path": "/home/mia/work", "branch_name": "main"})
	git.deny == set() with input as call("git_add", "write", {"repo_path": "/home/mia/work", "files": ["src/a.ts", ".env.example"]})
}

test_other_repositories_stay_closed if {
	ids(git.deny) == {"GIT-201"} with input as call("git_log", "read", {"repo_path": "../other"})
	ids(git.deny) == {"GIT-201"} with input as call("git_log", "read", {"repo_path": "/home/mia/other"})
		with data.git.config as configured({"repositories": ["/home/mia/work"]})
	git.deny == set() with input as call("git_log", "read", {"repo_path": "/home/mia/work/site"})
		with data.git.config as configured({"repositories": ["/home/mia/work"]})
}

test_options_are_no_names if {
	ids(git.deny) == {"GIT-202"} with input as call("git_diff", "read", {"repo_path": "/home/mia/work", "target": "--output=/home/mia/.bashrc"})
	ids(git.deny) == {"GIT-202"} with input as call("git_branch", "read", {"repo_path": "/home/mia/work", "branch_type": "local", "contains": "-d"})
}

test_protected_branches_are_not_checked_out if {
	ids(git.deny) == {"GIT-203"} with input as call("git_checkout", "write", {"repo_path": "/home/mia/work", "branch_name": "Main"})
		with data.git.config as configured({"protected_branches": ["main", "release/*"]})
	git.deny == set() with input as call("git_checkout", "write", {"repo_path": "/home/mia/work", "branch_name": "mine"})
		with data.git.config as configured({"protected_branches": ["main"]})
}

test_secrets_are_not_staged if {
	ids(git.deny) == {"GIT-204"} with input as call("git_add", "write", {"repo_path": "/home/mia/work", "files": ["a.ts", "config/.ENV"]})
	ids(git.deny) == {"GIT-204"} with input as call("git_add", "write", {"repo_path": "/home/mia/work", "files": ["tls\\server.key"]})
	ids(git.deny) == {"GIT-205"} with input as call("git_add", "write", {"repo_path": "/home/mia/work", "files": ["."]})
	ids(git.deny) == {"GIT-205"} with input as call("git_add", "write", {"repo_path": "/home/mia/work", "files": ["./"]})
	every all in ["./.", "././", "**", ":/", ":!notes.md", "--all"] {
		ids(git.deny) == {"GIT-205"} with input as call("git_add", "write", {"repo_path": "/home/mia/work", "files": [all]})
	}
}

test_giving_up_what_is_staged_is_confirmed if {
	ids(git.allow) == {"GIT-102"} with input as call("git_reset", "destroy", {"repo_path": "/home/mia/work"})
	ids(git.obligations) == {"GIT-301"} with input as call("git_reset", "destroy", {"repo_path": "/home/mia/work"})
}

test_what_is_not_known_is_confirmed if {
	ids(git.allow) == {"GIT-190"} with input as call("git_push", "unknown", {"repo_path": "/home/mia/work"})
	ids(git.obligations) == {"GIT-390"} with input as call("git_push", "unknown", {"repo_path": "/home/mia/work"})
	ids(git.obligations) == {"GIT-390"} with input as call("git_log", "read", {"repo_path": "/home/mia/work", "author": "mia"})
}
