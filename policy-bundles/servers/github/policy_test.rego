package github_test

import data.gateway.v1.inputs
import data.github

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("github", tool, effect, args)

configured(change) := object.union(data.github.config, change)

test_reading_is_allowed if {
	ids(github.allow) == {"GH-101"} with input as call("list_issues", "read", {"owner": "northwind", "repo": "website"})
	github.deny == set() with input as call("list_issues", "read", {"owner": "northwind", "repo": "website"})
	github.obligations == set() with input as call("list_issues", "read", {"owner": "northwind", "repo": "website"})
	ids(github.allow) == {"GH-101"} with input as call("search_code", "read", {"q": "x"})
	github.deny == set() with input as call("search_code", "read", {"q": "x"})
}

test_writing_is_confirmed_until_repositories_are_named if {
	ids(github.allow) == {"GH-102"} with input as call("create_issue", "write", {"owner": "northwind", "repo": "website", "title": "a"})
	github.deny == set() with input as call("create_issue", "write", {"owner": "northwind", "repo": "website", "title": "a"})
	ids(github.obligations) == {"GH-303"} with input as call("create_issue", "write", {"owner": "northwind", "repo": "website", "title": "a"})
	ids(github.allow) == {"GH-102"} with input as call("create_issue", "write", {"owner": "northwind", "repo": "website", "title": "a"})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
	github.deny == set() with input as call("create_issue", "write", {"owner": "northwind", "repo": "website", "title": "a"})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
	github.obligations == set() with input as call("create_issue", "write", {"owner": "northwind", "repo": "website", "title": "a"})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
}

test_protected_branches_are_not_written if {
	ids(github.deny) == {"GH-201"} with input as call("create_or_update_file", "destroy", {"owner": "northwind", "repo": "website", "path": "a", "content": "b", "message": "c", "branch": "Main"})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
	ids(github.deny) == {"GH-201"} with input as call("push_files", "write", {"owner": "northwind", "repo": "website", "branch": "refs/heads/release/2", "files": [{"path": "a", "content": "b"}], "message": "c"})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
	github.deny == set() with input as call("push_files", "write", {"owner": "northwind", "repo": "website", "branch": "mine", "files": [{"path": "a", "content": "b"}], "message": "c"})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
	github.obligations == set() with input as call("push_files", "write", {"owner": "northwind", "repo": "website", "branch": "mine", "files": [{"path": "a", "content": "b"}], "message": "c"})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
}

test_other_repositories_are_closed if {
	ids(github.deny) == {"GH-202"} with input as call("create_issue", "write", {"owner": "contoso", "repo": "x", "title": "a"})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
	ids(github.deny) == {"GH-202"} with input as call("create_repository", "write", {"name": "x", "private": true})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
	ids(github.obligations) == {"GH-302"} with input as call("create_repository", "write", {"name": "x", "private": true})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
	ids(github.deny) == {"GH-203"} with input as call("get_issue", "read", {"owner": "contoso", "repo": "x", "issue_number": 1})
		with data.github.config as configured({"readable_repositories": ["northwind/*"]})
	ids(github.deny) == {"GH-203"} with input as call("search_code", "read", {"q": "x"})
		with data.github.config as configured({"readable_repositories": ["northwind/*"]})
}

test_what_runs_on_its_own_is_left if {
	ids(github.deny) == {"GH-204"} with input as call("create_or_update_file", "destroy", {"owner": "northwind", "repo": "website", "path": ".github/workflows/ci.yml", "content": "b", "message": "c", "branch": "mine"})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
	ids(github.deny) == {"GH-204"} with input as call("push_files", "write", {"owner": "northwind", "repo": "website", "branch": "mine", "files": [{"path": "docs/../CODEOWNERS", "content": "b"}], "message": "c"})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
	ids(github.deny) == {"GH-205"} with input as call("push_files", "write", {"owner": "northwind", "repo": "website", "branch": "mine", "files": [{"path": "../x", "content": "b"}], "message": "c"})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
}

test_a_new_repository_is_private if {
	ids(github.deny) == {"GH-207"} with input as call("create_repository", "write", {"name": "x"})
	ids(github.obligations) == {"GH-302", "GH-303"} with input as call("create_repository", "write", {"name": "x"})
	github.deny == set() with input as call("create_repository", "write", {"name": "x"})
		with data.github.config as configured({"allow_public_repositories": true})
}

test_an_agent_does_not_approve if {
	ids(github.deny) == {"GH-208"} with input as call("create_pull_request_review", "write", {"owner": "northwind", "repo": "website", "pull_number": 1, "body": "a", "event": "APPROVE"})
	github.deny == set() with input as call("create_pull_request_review", "write", {"owner": "northwind", "repo": "website", "pull_number": 1, "body": "a", "event": "COMMENT"})
	github.deny == set() with input as call("create_pull_request_review", "write", {"owner": "northwind", "repo": "website", "pull_number": 1, "body": "a", "event": "APPROVE"})
		with data.github.config as configured({"allow_approving": true})
}

test_a_merge_is_confirmed_each_time if {
	ids(github.allow) == {"GH-102"} with input as call("merge_pull_request", "destroy", {"owner": "northwind", "repo": "website", "pull_number": 1})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
	ids(github.obligations) == {"GH-301"} with input as call("merge_pull_request", "destroy", {"owner": "northwind", "repo": "website", "pull_number": 1})
		with data.github.config as configured({"repositories": ["Northwind/*"]})
}

test_what_is_not_known_is_confirmed if {
	ids(github.allow) == {"GH-190"} with input as call("delete_repository", "unknown", {"owner": "northwind", "repo": "website"})
	ids(github.obligations) == {"GH-390"} with input as call("delete_repository", "unknown", {"owner": "northwind", "repo": "website"})
}

test_no_secret_is_published if {
	token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])
	comment := {"owner": "northwind", "repo": "website", "issue_number": 1, "body": token}
	ids(github.deny) == {"GH-206"} with input as call("add_issue_comment", "write", comment)
}
