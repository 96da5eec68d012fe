package code_host_test

import data.code_host
import data.gateway.v1.inputs

commit(change) := inputs.tool_call("code-host", "commit_file", "write", object.union(
	{"repository": "website", "branch": "fix/title", "path": "src/index.js", "content": "x", "message": "Fix title"},
	change,
))

merge := inputs.tool_call("code-host", "merge_pull_request", "write", {"repository": "website", "number": 7})

ids(elements) := {element.id | some element in elements}

test_reading_is_allowed if {
	read := inputs.tool_call("code-host", "read_file", "read", {"repository": "website", "path": "README.md"})
	ids(code_host.allow) == {"CODE-101"} with input as read
	code_host.deny == set() with input as read
}

test_a_commit_to_a_branch_is_allowed if {
	ids(code_host.allow) == {"CODE-102"} with input as commit({})
	code_host.deny == set() with input as commit({})
	code_host.obligations == set() with input as commit({})
}

test_a_commit_to_a_protected_branch_is_denied if {
	every branch in ["main", "MAIN", "release/2026-01"] {
		code_host.deny == {{"id": "CODE-201", "reason": "protected_branch", "params": {"branch": branch}}} with input as commit({"branch": branch})
	}
}

test_protected_branches_can_be_configured if {
	ids(code_host.deny) == {"CODE-201"} with input as commit({"branch": "trunk"}) with data.code_host.config.protected_branches as ["trunk"]
	code_host.deny == set() with input as commit({"branch": "main"}) with data.code_host.config.protected_branches as ["trunk"]
}

test_a_merge_needs_a_maintainer if {
	ids(code_host.deny) == {"CODE-202"} with input as merge
	code_host.deny == set() with input as object.union(merge, {"user": {"groups": ["staff", "maintainers"]}})
	ids(code_host.obligations) == {"CODE-302", "CODE-303"} with input as merge
}

test_an_owner_of_the_repository_confirms_a_merge if {
	approval := {"id": "CODE-303", "type": "require_approval", "by": "group:repo-owners", "ttl_s": 28800}
	approval in code_host.obligations with input as merge
}

test_deletion_is_denied_and_never_granted if {
	delete := inputs.tool_call("code-host", "delete_branch", "destroy", {"repository": "website", "branch": "old"})
	ids(code_host.deny) == {"CODE-203"} with input as delete
	code_host.allow == set() with input as delete
}

test_what_runs_on_its_own_is_not_written if {
	every path in [".github/workflows/deploy.yml", "src/../.github/workflows/x.yml", "/.github//dependabot.yml", "CODEOWNERS"] {
		ids(code_host.deny) == {"CODE-204"} with input as commit({"path": path})
	}
	code_host.deny == set() with input as commit({"path": "docs/.github/notes.md"})
}

test_a_secret_is_not_committed if {
	every secret in [
		concat("", ["-----BEGIN RSA ", "PRIVATE KEY-----\nMIIE"]),
		concat("", ["aws = AKIA", "ABCDEFGHIJKLMNOP"]),
		concat("", ["token: ghp_", "abcdefghijklmnopqrstuvwxyz0123456789"]),
		concat("", ["xoxb-", "1234567890-abc"]),
	] {
		ids(code_host.deny) == {"CODE-205"} with input as commit({"content": secret})
	}
}

test_a_path_that_climbs_out_is_denied if {
	ids(code_host.deny) == {"CODE-206"} with input as commit({"path": "../website.git/config"})
	ids(code_host.deny) == {"CODE-206"} with input as inputs.tool_call("code-host", "read_file", "read", {"path": "a/%2e%2e/%2e%2e/b"})
	ids(code_host.deny) == {"CODE-206"} with input as inputs.tool_call("code-host", "read_file", "read", {})
}

test_a_large_file_gets_a_warning if {
	code_host.obligations == {{
		"id": "CODE-301", "type": "warn",
		"text": "This file has 5 characters; smaller changes are reviewed sooner.",
	}} with input as commit({"content": "12345"}) with data.code_host.config.large_file_characters as 5
}

test_an_unknown_tool_is_not_granted if {
	code_host.allow == set() with input as inputs.tool_call("code-host", "rewrite_history", "unknown", {})
}
