package sentry_test

import data.gateway.v1.inputs
import data.sentry

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("sentry", tool, effect, args)

configured(change) := object.union(data.sentry.config, change)

test_reading_is_allowed if {
	ids(sentry.allow) == {"SENTRY-101"} with input as call("search_issues", "read", {"organizationSlug": "northwind"})
	sentry.deny == set() with input as call("search_issues", "read", {"organizationSlug": "northwind"})
	sentry.obligations == set() with input as call("search_issues", "read", {"organizationSlug": "northwind"})
	sentry.deny == set() with input as call("find_teams", "read", {"organizationSlug": "northwind", "regionUrl": "https://us.sentry.io"})
	sentry.deny == set() with input as call("find_teams", "read", {"organizationSlug": "northwind", "regionUrl": ""})
}

test_other_organisations_stay_closed if {
	ids(sentry.deny) == {"SENTRY-201"} with input as call("search_issues", "read", {"organizationSlug": "northwind"})
		with data.sentry.config as configured({"organizations": ["contoso"]})
	sentry.deny == set() with input as call("search_issues", "read", {"organizationSlug": "northwind"})
		with data.sentry.config as configured({"organizations": ["northwind"]})
}

test_the_token_stays_with_sentry if {
	ids(sentry.deny) == {"SENTRY-202"} with input as call("find_teams", "read", {"organizationSlug": "northwind", "regionUrl": "https://sentry.io.evil.example"})
	ids(sentry.deny) == {"SENTRY-202"} with input as call("get_sentry_resource", "read", {"url": "http://169.254.169.254/"})
}

test_changes_are_confirmed if {
	ids(sentry.allow) == {"SENTRY-102"} with input as call("create_dsn", "write", {"organizationSlug": "northwind", "projectSlug": "a", "name": "b"})
	ids(sentry.obligations) == {"SENTRY-301"} with input as call("create_dsn", "write", {"organizationSlug": "northwind", "projectSlug": "a", "name": "b"})
	ids(sentry.allow) == {"SENTRY-102"} with input as call("update_project", "destroy", {"organizationSlug": "northwind", "projectSlug": "a"})
	ids(sentry.obligations) == {"SENTRY-302"} with input as call("update_project", "destroy", {"organizationSlug": "northwind", "projectSlug": "a"})
	ids(sentry.allow) == {"SENTRY-102"} with input as call("update_issue", "write", {"organizationSlug": "northwind", "issueId": "A-1", "status": "resolved"})
	sentry.deny == set() with input as call("update_issue", "write", {"organizationSlug": "northwind", "issueId": "A-1", "status": "resolved"})
	ids(sentry.obligations) == {"SENTRY-303"} with input as call("update_issue", "write", {"organizationSlug": "northwind", "issueId": "A-1", "status": "resolved"})
}

test_what_is_not_known_is_confirmed if {
	ids(sentry.allow) == {"SENTRY-190"} with input as call("delete_project", "unknown", {})
	ids(sentry.obligations) == {"SENTRY-390"} with input as call("delete_project", "unknown", {})
}
