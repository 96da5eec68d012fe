package postgres_test

import data.gateway.v1.inputs
import data.postgres

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("postgres", tool, effect, args)

test_data_is_read if {
	ids(postgres.allow) == {"PG-101"} with input as call("query", "read", {"sql": "SELECT name FROM people WHERE note = 'copy of'"})
	postgres.deny == set() with input as call("query", "read", {"sql": "SELECT name FROM people WHERE note = 'copy of'"})
	postgres.obligations == set() with input as call("query", "read", {"sql": "SELECT name FROM people WHERE note = 'copy of'"})
	postgres.deny == set() with input as call("query", "read", {"sql": "EXPLAIN ANALYZE SELECT 1"})
}

test_a_query_is_one_statement_that_reads if {
	ids(postgres.deny) == {"PG-201"} with input as call("query", "read", {"sql": "COMMIT; CREATE TABLE x (a int)"})
	ids(postgres.deny) == {"PG-201"} with input as call("query", "read", {"sql": "COPY (SELECT 1) TO PROGRAM 'id'"})
	ids(postgres.deny) == {"PG-201"} with input as call("query", "read", {"sql": "DO $$ BEGIN END $$"})
	ids(postgres.deny) == {"PG-201"} with input as call("query", "read", {"sql": "WITH x AS (DELETE FROM a RETURNING 1) SELECT 1"})
}

test_functions_do_not_reach_past_the_data if {
	ids(postgres.deny) == {"PG-202"} with input as call("query", "read", {"sql": "SELECT pg_read_file('/etc/passwd')"})
	ids(postgres.deny) == {"PG-202"} with input as call("query", "read", {"sql": "SELECT \"pg_read_file\"('/etc/passwd')"})
	ids(postgres.deny) == {"PG-202"} with input as call("query", "read", {"sql": "SELECT * FROM dblink('dbname=x', 'select 1')"})
	ids(postgres.deny) == {"PG-202"} with input as call("query", "read", {"sql": "SELECT lo_export(1, '/tmp/x')"})
}

test_passwords_are_not_read if {
	ids(postgres.deny) == {"PG-203"} with input as call("query", "read", {"sql": "SELECT * FROM pg_catalog.pg_shadow"})
}

test_what_is_not_known_is_confirmed if {
	ids(postgres.allow) == {"PG-190"} with input as call("execute", "unknown", {})
	ids(postgres.obligations) == {"PG-390"} with input as call("execute", "unknown", {})
}
