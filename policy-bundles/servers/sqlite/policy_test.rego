package sqlite_test

import data.gateway.v1.inputs
import data.sqlite

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("sqlite", tool, effect, args)

configured(change) := object.union(data.sqlite.config, change)

test_reading_is_allowed if {
	ids(sqlite.allow) == {"SQLITE-101"} with input as call("list_tables", "read", {})
	sqlite.deny == set() with input as call("list_tables", "read", {})
	sqlite.obligations == set() with input as call("list_tables", "read", {})
	ids(sqlite.allow) == {"SQLITE-101"} with input as call("read_query", "read", {"query": "SELECT * FROM orders WHERE note = 'drop it'"})
	sqlite.deny == set() with input as call("read_query", "read", {"query": "SELECT * FROM orders WHERE note = 'drop it'"})
	sqlite.obligations == set() with input as call("read_query", "read", {"query": "SELECT * FROM orders WHERE note = 'drop it'"})
}

test_what_reads_only_reads if {
	ids(sqlite.deny) == {"SQLITE-201"} with input as call("read_query", "read", {"query": "DELETE FROM orders WHERE id = 1"})
	ids(sqlite.deny) == {"SQLITE-201"} with input as call("read_query", "read", {"query": "SELECT 1; DROP TABLE orders"})
	ids(sqlite.deny) == {"SQLITE-201"} with input as call("read_query", "read", {"query": "PRAGMA writable_schema = 1"})
}

test_changes_are_confirmed_once if {
	ids(sqlite.allow) == {"SQLITE-102"} with input as call("write_query", "destroy", {"query": "INSERT INTO orders VALUES (1, 'drop')"})
	sqlite.deny == set() with input as call("write_query", "destroy", {"query": "INSERT INTO orders VALUES (1, 'drop')"})
	ids(sqlite.obligations) == {"SQLITE-301"} with input as call("write_query", "destroy", {"query": "INSERT INTO orders VALUES (1, 'drop')"})
	sqlite.deny == set() with input as call("write_query", "destroy", {"query": "WITH a AS (SELECT 1) DELETE FROM orders WHERE id IN a"})
	sqlite.obligations == set() with input as call("write_query", "destroy", {"query": "INSERT INTO orders VALUES (1)"})
		with data.sqlite.config as configured({"confirm_changes": false})
}

test_nothing_but_rows_is_changed if {
	ids(sqlite.deny) == {"SQLITE-202"} with input as call("write_query", "destroy", {"query": "DROP TABLE orders"})
	ids(sqlite.deny) == {"SQLITE-202"} with input as call("write_query", "destroy", {"query": "ATTACH DATABASE '/home/mia/x.db' AS x"})
	ids(sqlite.deny) == {"SQLITE-202"} with input as call("write_query", "destroy", {"query": "VACUUM INTO '/home/mia/x.db'"})
	ids(sqlite.deny) == {"SQLITE-202"} with input as call("write_query", "destroy", {"query": "DELETE FROM a WHERE 1; DROP TABLE b"})
}

test_a_change_says_which_rows if {
	ids(sqlite.deny) == {"SQLITE-203"} with input as call("write_query", "destroy", {"query": "DELETE FROM orders"})
	ids(sqlite.deny) == {"SQLITE-203"} with input as call("write_query", "destroy", {"query": "UPDATE orders SET paid = 1"})
	ids(sqlite.deny) == {"SQLITE-203"} with input as call("write_query", "destroy", {"query": "WITH old AS (SELECT 1) DELETE FROM orders"})
	sqlite.deny == set() with input as call("write_query", "destroy", {"query": "UPDATE orders SET paid = 1 WHERE id = 7"})
}

test_tables_are_made if {
	ids(sqlite.allow) == {"SQLITE-102"} with input as call("create_table", "write", {"query": "CREATE TABLE IF NOT EXISTS notes (id INTEGER, text TEXT)"})
	sqlite.deny == set() with input as call("create_table", "write", {"query": "CREATE TABLE IF NOT EXISTS notes (id INTEGER, text TEXT)"})
	sqlite.obligations == set() with input as call("create_table", "write", {"query": "CREATE TABLE IF NOT EXISTS notes (id INTEGER, text TEXT)"})
	sqlite.deny == set() with input as call("create_table", "write", {"query": "CREATE TABLE a AS SELECT * FROM b"})
	ids(sqlite.deny) == {"SQLITE-204"} with input as call("create_table", "write", {"query": "CREATE TRIGGER a AFTER INSERT ON b BEGIN DELETE FROM c; END"})
	ids(sqlite.deny) == {"SQLITE-204"} with input as call("create_table", "write", {"query": "CREATE TABLE a (b); ATTACH x AS y"})
}

test_no_function_reaches_files if {
	ids(sqlite.deny) == {"SQLITE-205"} with input as call("read_query", "read", {"query": "SELECT load_extension('/tmp/x.so')"})
}

test_what_is_not_known_is_confirmed if {
	ids(sqlite.allow) == {"SQLITE-190"} with input as call("drop_everything", "unknown", {})
	ids(sqlite.obligations) == {"SQLITE-390"} with input as call("drop_everything", "unknown", {})
}
