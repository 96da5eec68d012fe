package supabase_test

import data.gateway.v1.inputs
import data.supabase

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("supabase", tool, effect, args)

configured(change) := object.union(data.supabase.config, change)

test_reading_is_allowed if {
	ids(supabase.allow) == {"SUPA-101"} with input as call("list_tables", "read", {"project_id": "p1", "schemas": []})
	supabase.deny == set() with input as call("list_tables", "read", {"project_id": "p1", "schemas": []})
	supabase.obligations == set() with input as call("list_tables", "read", {"project_id": "p1", "schemas": []})
	ids(supabase.allow) == {"SUPA-102"} with input as call("execute_sql", "destroy", {"project_id": "p1", "query": "SELECT 1"})
	supabase.deny == set() with input as call("execute_sql", "destroy", {"project_id": "p1", "query": "SELECT 1"})
	supabase.obligations == set() with input as call("execute_sql", "destroy", {"project_id": "p1", "query": "SELECT 1"})
}

test_other_projects_stay_closed if {
	ids(supabase.deny) == {"SUPA-201"} with input as call("list_branches", "read", {"project_id": "p1"})
		with data.supabase.config as configured({"projects": ["p2"]})
	supabase.deny == set() with input as call("list_branches", "read", {"project_id": "p1"})
		with data.supabase.config as configured({"projects": ["p1"]})
}

test_statements_are_held_to_account if {
	ids(supabase.deny) == {"SUPA-202"} with input as call("execute_sql", "destroy", {"project_id": "p1", "query": "SELECT 1; SELECT 2"})
	ids(supabase.deny) == {"SUPA-203"} with input as call("execute_sql", "destroy", {"project_id": "p1", "query": "DELETE FROM a"})
	ids(supabase.deny) == {"SUPA-204"} with input as call("execute_sql", "destroy", {"project_id": "p1", "query": "DROP TABLE a"})
	ids(supabase.deny) == {"SUPA-205"} with input as call("execute_sql", "destroy", {"project_id": "p1", "query": "SELECT * FROM vault.decrypted_secrets"})
	supabase.deny == set() with input as call("execute_sql", "destroy", {"project_id": "p1", "query": "INSERT INTO a VALUES ('x')"})
	ids(supabase.obligations) == {"SUPA-301"} with input as call("execute_sql", "destroy", {"project_id": "p1", "query": "INSERT INTO a VALUES ('x')"})
}

test_consequences_are_confirmed_each_time if {
	supabase.deny == set() with input as call("apply_migration", "destroy", {"project_id": "p1", "name": "a", "query": "CREATE TABLE a (b int); CREATE TABLE c (d int)"})
	ids(supabase.obligations) == {"SUPA-301"} with input as call("apply_migration", "destroy", {"project_id": "p1", "name": "a", "query": "CREATE TABLE a (b int); CREATE TABLE c (d int)"})
	ids(supabase.obligations) == {"SUPA-302"} with input as call("reset_branch", "destroy", {"branch_id": "b"})
	ids(supabase.obligations) == {"SUPA-303"} with input as call("create_project", "write", {"name": "a", "region": "us-west-1", "organization_id": "o", "confirm_cost_id": "c"})
	ids(supabase.obligations) == {"SUPA-304"} with input as call("update_storage_config", "destroy", {"project_id": "p1", "config": {}})
}

test_functions_ask_who_calls if {
	ids(supabase.deny) == {"SUPA-206"} with input as call("deploy_edge_function", "write", {"project_id": "p1", "name": "a", "entrypoint_path": "i.ts", "verify_jwt": false, "files": []})
	supabase.deny == set() with input as call("deploy_edge_function", "write", {"project_id": "p1", "name": "a", "entrypoint_path": "i.ts", "verify_jwt": true, "files": []})
}

test_what_is_not_known_is_confirmed if {
	ids(supabase.allow) == {"SUPA-190"} with input as call("delete_project", "unknown", {})
	ids(supabase.obligations) == {"SUPA-390"} with input as call("delete_project", "unknown", {})
}
