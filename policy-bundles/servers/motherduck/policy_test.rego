package motherduck_test

import data.gateway.v1.inputs
import data.motherduck

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("motherduck", tool, effect, args)

configured(change) := object.union(data.motherduck.config, change)

test_data_is_read if {
	ids(motherduck.allow) == {"DUCK-101"} with input as call("list_tables", "read", {})
	motherduck.deny == set() with input as call("list_tables", "read", {})
	motherduck.obligations == set() with input as call("list_tables", "read", {})
	ids(motherduck.allow) == {"DUCK-102"} with input as call("execute_query", "destroy", {"sql": "SELECT * FROM orders WHERE place = 'a/b.csv'"})
	motherduck.deny == set() with input as call("execute_query", "destroy", {"sql": "SELECT * FROM orders WHERE place = 'a/b.csv'"})
	motherduck.obligations == set() with input as call("execute_query", "destroy", {"sql": "SELECT * FROM orders WHERE place = 'a/b.csv'"})
}

test_changes_are_confirmed_once if {
	ids(motherduck.allow) == {"DUCK-102"} with input as call("execute_query", "destroy", {"sql": "CREATE TABLE a (b INTEGER)"})
	motherduck.deny == set() with input as call("execute_query", "destroy", {"sql": "CREATE TABLE a (b INTEGER)"})
	ids(motherduck.obligations) == {"DUCK-301"} with input as call("execute_query", "destroy", {"sql": "CREATE TABLE a (b INTEGER)"})
	motherduck.deny == set() with input as call("execute_query", "destroy", {"sql": "INSERT INTO a VALUES (1)"})
	ids(motherduck.obligations) == {"DUCK-301"} with input as call("execute_query", "destroy", {"sql": "INSERT INTO a VALUES (1)"})
	motherduck.obligations == set() with input as call("execute_query", "destroy", {"sql": "INSERT INTO a VALUES (1)"})
		with data.motherduck.config as configured({"confirm_changes": false})
}

test_no_file_is_reached if {
	ids(motherduck.deny) == {"DUCK-201"} with input as call("execute_query", "destroy", {"sql": "COPY orders TO '/tmp/x.csv'"})
	ids(motherduck.deny) == {"DUCK-201"} with input as call("execute_query", "destroy", {"sql": "ATTACH '/tmp/x.db'"})
	ids(motherduck.deny) == {"DUCK-202"} with input as call("execute_query", "destroy", {"sql": "SELECT * FROM '/etc/passwd'"})
	ids(motherduck.deny) == {"DUCK-202"} with input as call("execute_query", "destroy", {"sql": "SELECT * FROM \"people.csv\""})
	ids(motherduck.deny) == {"DUCK-202"} with input as call("execute_query", "destroy", {"sql": "SELECT * FROM a, 'b.parquet' WHERE 1"})
	ids(motherduck.deny) == {"DUCK-203"} with input as call("execute_query", "destroy", {"sql": "SELECT read_text('/etc/passwd')"})
	ids(motherduck.deny) == {"DUCK-204"} with input as call("execute_query", "destroy", {"sql": "DELETE FROM orders"})
}

test_what_is_not_known_is_confirmed if {
	ids(motherduck.allow) == {"DUCK-190"} with input as call("export", "unknown", {})
	ids(motherduck.obligations) == {"DUCK-390"} with input as call("export", "unknown", {})
}
