package heroku_test

import data.gateway.v1.inputs
import data.heroku

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("heroku", tool, effect, args)

configured(change) := object.union(data.heroku.config, change)

test_looking_is_allowed if {
	ids(heroku.allow) == {"HEROKU-101"} with input as call("list_apps", "read", {})
	heroku.deny == set() with input as call("list_apps", "read", {})
	heroku.obligations == set() with input as call("list_apps", "read", {})
	ids(heroku.allow) == {"HEROKU-102"} with input as call("pg_psql", "destroy", {"app": "tea", "command": "SELECT 1"})
	heroku.deny == set() with input as call("pg_psql", "destroy", {"app": "tea", "command": "SELECT 1"})
	heroku.obligations == set() with input as call("pg_psql", "destroy", {"app": "tea", "command": "SELECT 1"})
}

test_other_apps_stay_closed if {
	ids(heroku.deny) == {"HEROKU-201"} with input as call("get_app_logs", "read", {"app": "hr"})
		with data.heroku.config as configured({"apps": ["tea"]})
	heroku.deny == set() with input as call("get_app_logs", "read", {"app": "tea"})
		with data.heroku.config as configured({"apps": ["tea"]})
	ids(heroku.deny) == {"HEROKU-202"} with input as call("pg_info", "read", {"app": "tea", "database": "hr::DATABASE"})
}

test_statements_change_nothing if {
	ids(heroku.deny) == {"HEROKU-203"} with input as call("pg_psql", "destroy", {"app": "tea", "command": "DROP TABLE a"})
	ids(heroku.deny) == {"HEROKU-203"} with input as call("pg_psql", "destroy", {"app": "tea", "command": "\\! id"})
	ids(heroku.deny) == {"HEROKU-203"} with input as call("pg_psql", "destroy", {"app": "tea", "file": "/etc/passwd"})
	ids(heroku.deny) == {"HEROKU-203"} with input as call("pg_psql", "destroy", {"app": "tea", "command": "SELECT 1", "file": "a.sql"})
}

test_keys_and_statistics_stay if {
	ids(heroku.deny) == {"HEROKU-204"} with input as call("pg_credentials", "write", {"app": "tea"})
	ids(heroku.deny) == {"HEROKU-205"} with input as call("pg_outliers", "read", {"app": "tea", "reset": true})
}

test_consequences_are_confirmed if {
	ids(heroku.allow) == {"HEROKU-102"} with input as call("deploy_one_off_dyno", "destroy", {"name": "tea", "command": "ls"})
	ids(heroku.obligations) == {"HEROKU-301"} with input as call("deploy_one_off_dyno", "destroy", {"name": "tea", "command": "ls"})
	ids(heroku.obligations) == {"HEROKU-302"} with input as call("create_addon", "write", {"app": "tea", "serviceAndPlan": "x"})
	ids(heroku.obligations) == {"HEROKU-303"} with input as call("ps_restart", "destroy", {"app": "tea"})
}

test_what_is_not_known_is_confirmed if {
	ids(heroku.allow) == {"HEROKU-190"} with input as call("delete_app", "unknown", {})
	ids(heroku.obligations) == {"HEROKU-390"} with input as call("delete_app", "unknown", {})
}
