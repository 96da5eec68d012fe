package atlassian_test

import data.atlassian
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("atlassian", tool, effect, args)

configured(change) := object.union(data.atlassian.config, change)

test_reading_is_allowed if {
	ids(atlassian.allow) == {"ATLAS-101"} with input as call("jira_get_issue", "read", {"issue_key": "TEA-1"})
	atlassian.deny == set() with input as call("jira_get_issue", "read", {"issue_key": "TEA-1"})
	atlassian.obligations == set() with input as call("jira_get_issue", "read", {"issue_key": "TEA-1"})
	ids(atlassian.allow) == {"ATLAS-101"} with input as call("confluence_search", "read", {"query": "tea"})
	atlassian.deny == set() with input as call("confluence_search", "read", {"query": "tea"})
}

test_writing_is_confirmed_once if {
	ids(atlassian.allow) == {"ATLAS-102"} with input as call("jira_add_comment", "write", {"issue_key": "TEA-1", "body": "a"})
	atlassian.deny == set() with input as call("jira_add_comment", "write", {"issue_key": "TEA-1", "body": "a"})
	ids(atlassian.obligations) == {"ATLAS-303"} with input as call("jira_add_comment", "write", {"issue_key": "TEA-1", "body": "a"})
	ids(atlassian.allow) == {"ATLAS-102"} with input as call("confluence_create_page", "write", {"space_key": "TEA", "title": "a", "content": "b"})
	atlassian.deny == set() with input as call("confluence_create_page", "write", {"space_key": "TEA", "title": "a", "content": "b"})
	ids(atlassian.obligations) == {"ATLAS-303"} with input as call("confluence_create_page", "write", {"space_key": "TEA", "title": "a", "content": "b"})
}

test_other_projects_and_spaces_stay_closed if {
	ids(atlassian.deny) == {"ATLAS-201"} with input as call("jira_get_issue", "read", {"issue_key": "HR-1"})
		with data.atlassian.config as configured({"projects": ["TEA"]})
	ids(atlassian.deny) == {"ATLAS-201"} with input as call("jira_move_issue", "destroy", {"issue_key": "TEA-1", "target_project_key": "HR"})
		with data.atlassian.config as configured({"projects": ["TEA"]})
	ids(atlassian.deny) == {"ATLAS-201"} with input as call("jira_move_issues_to_backlog", "write", {"issue_keys": "TEA-1, HR-2"})
		with data.atlassian.config as configured({"projects": ["TEA"]})
	ids(atlassian.deny) == {"ATLAS-202"} with input as call("confluence_copy_page", "destroy", {"source_page_id": "1", "destination_space_key": "HR", "new_title": "a"})
		with data.atlassian.config as configured({"spaces": ["TEA"]})
	atlassian.deny == set() with input as call("jira_get_issue", "read", {"issue_key": "TEA-1"})
		with data.atlassian.config as configured({"projects": ["TEA"], "spaces": ["TEA"]})
}

test_nothing_is_deleted if {
	ids(atlassian.deny) == {"ATLAS-203"} with input as call("jira_delete_issue", "destroy", {"issue_key": "TEA-1"})
	atlassian.deny == set() with input as call("confluence_delete_page", "destroy", {"page_id": "1"})
		with data.atlassian.config as configured({"allow_deleting": true})
	ids(atlassian.obligations) == {"ATLAS-301"} with input as call("confluence_delete_page", "destroy", {"page_id": "1"})
		with data.atlassian.config as configured({"allow_deleting": true})
}

test_files_come_from_open_folders if {
	ids(atlassian.deny) == {"ATLAS-204"} with input as call("confluence_upload_attachment", "destroy", {"content_id": "1", "file_path": "/home/mia/.ssh/id_rsa"})
	ids(atlassian.deny) == {"ATLAS-204"} with input as call("confluence_upload_attachments", "destroy", {"content_id": "1", "file_paths": "/home/mia/open/a.png, /etc/passwd"})
		with data.atlassian.config as configured({"folders": ["/home/mia/open"]})
	atlassian.deny == set() with input as call("confluence_upload_attachments", "destroy", {"content_id": "1", "file_paths": "[\"/home/mia/open/a.png\",\"/home/mia/open/b.png\"]"})
		with data.atlassian.config as configured({"folders": ["/home/mia/open"]})
}

test_rights_and_links_are_held_to_account if {
	ids(atlassian.deny) == {"ATLAS-206"} with input as call("confluence_set_page_restrictions", "destroy", {"page_id": "1"})
	ids(atlassian.deny) == {"ATLAS-207"} with input as call("jira_create_remote_issue_link", "write", {"issue_key": "TEA-1", "url": "file:///etc/passwd", "title": "a"})
}

test_customers_are_written_to_when_confirmed if {
	ids(atlassian.obligations) == {"ATLAS-302"} with input as call("jira_add_comment", "write", {"issue_key": "TEA-1", "body": "a", "public": true})
	ids(atlassian.obligations) == {"ATLAS-302"} with input as call("jira_create_customer_request", "destroy", {"service_desk_id": "1", "request_type_id": "2", "request_field_values": "{}"})
}

test_what_is_not_known_is_confirmed if {
	ids(atlassian.allow) == {"ATLAS-190"} with input as call("jira_delete_project", "unknown", {})
	ids(atlassian.obligations) == {"ATLAS-390"} with input as call("jira_delete_project", "unknown", {})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_is_written if {
	ids(atlassian.deny) == {"ATLAS-205"} with input as call("jira_add_comment", "write", {"issue_key": "TEA-1", "body": token})
}
