package snowflake_test

import data.gateway.v1.inputs
import data.snowflake

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("snowflake", tool, effect, args)

test_reading_is_allowed if {
	ids(snowflake.allow) == {"SNOW-101"} with input as call("list_objects", "read", {"object_type": "table"})
	snowflake.deny == set() with input as call("list_objects", "read", {"object_type": "table"})
	snowflake.obligations == set() with input as call("list_objects", "read", {"object_type": "table"})
	ids(snowflake.allow) == {"SNOW-102"} with input as call("run_snowflake_query", "destroy", {"statement": "SELECT 1"})
	snowflake.deny == set() with input as call("run_snowflake_query", "destroy", {"statement": "SELECT 1"})
	snowflake.obligations == set() with input as call("run_snowflake_query", "destroy", {"statement": "SELECT 1"})
}

test_what_holds_everything_stays if {
	ids(snowflake.deny) == {"SNOW-201"} with input as call("drop_object", "destroy", {"object_type": "database", "target_object": "a"})
	ids(snowflake.deny) == {"SNOW-202"} with input as call("create_object", "write", {"object_type": "table", "target_object": "a", "mode": "replace"})
}

test_statements_are_held_to_account if {
	ids(snowflake.deny) == {"SNOW-203"} with input as call("run_snowflake_query", "destroy", {"statement": "COPY INTO @stage FROM a"})
	ids(snowflake.deny) == {"SNOW-203"} with input as call("run_snowflake_query", "destroy", {"statement": "GRANT ROLE a TO USER b"})
	ids(snowflake.deny) == {"SNOW-203"} with input as call("run_snowflake_query", "destroy", {"statement": "DELETE FROM a"})
	snowflake.deny == set() with input as call("run_snowflake_query", "destroy", {"statement": "DELETE FROM a WHERE b = 1"})
	ids(snowflake.obligations) == {"SNOW-301"} with input as call("run_snowflake_query", "destroy", {"statement": "DELETE FROM a WHERE b = 1"})
	snowflake.deny == set() with input as call("run_snowflake_query", "destroy", {"statement": "INSERT INTO a VALUES ('x')"})
	ids(snowflake.obligations) == {"SNOW-301"} with input as call("run_snowflake_query", "destroy", {"statement": "INSERT INTO a VALUES ('x')"})
}

test_objects_are_changed_when_confirmed if {
	snowflake.deny == set() with input as call("drop_object", "destroy", {"object_type": "table", "target_object": "a"})
	ids(snowflake.obligations) == {"SNOW-302"} with input as call("drop_object", "destroy", {"object_type": "table", "target_object": "a"})
	snowflake.deny == set() with input as call("create_object", "write", {"object_type": "table", "target_object": "a"})
	ids(snowflake.obligations) == {"SNOW-303"} with input as call("create_object", "write", {"object_type": "table", "target_object": "a"})
}

test_what_is_not_known_is_confirmed if {
	ids(snowflake.allow) == {"SNOW-190"} with input as call("run_python", "unknown", {})
	ids(snowflake.obligations) == {"SNOW-390"} with input as call("run_python", "unknown", {})
}
