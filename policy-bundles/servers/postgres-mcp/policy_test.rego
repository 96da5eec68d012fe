package postgres_mcp_test

import data.gateway.v1.inputs
import data.postgres_mcp

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("postgres-mcp", tool, effect, args)

test_data_is_read if {
	ids(postgres_mcp.allow) == {"PGPRO-101"} with input as call("list_schemas", "read", {})
	postgres_mcp.deny == set() with input as call("list_schemas", "read", {})
	postgres_mcp.obligations == set() with input as call("list_schemas", "read", {})
	ids(postgres_mcp.allow) == {"PGPRO-102"} with input as call("execute_sql", "destroy", {"sql": "SELECT * FROM orders"})
	postgres_mcp.deny == set() with input as call("execute_sql", "destroy", {"sql": "SELECT * FROM orders"})
	postgres_mcp.obligations == set() with input as call("execute_sql", "destroy", {"sql": "SELECT * FROM orders"})
	ids(postgres_mcp.allow) == {"PGPRO-101"} with input as call("analyze_query_indexes", "read", {"queries": ["SELECT 1"]})
	postgres_mcp.deny == set() with input as call("analyze_query_indexes", "read", {"queries": ["SELECT 1"]})
}

test_what_is_explained_only_reads if {
	ids(postgres_mcp.deny) == {"PGPRO-201"} with input as call("explain_query", "read", {"sql": "INSERT INTO a VALUES (1)", "analyze": true})
	ids(postgres_mcp.deny) == {"PGPRO-201"} with input as call("analyze_query_indexes", "read", {"queries": ["SELECT 1", "DELETE FROM a WHERE b = 1"]})
}

test_changes_are_confirmed_each_time if {
	ids(postgres_mcp.allow) == {"PGPRO-102"} with input as call("execute_sql", "destroy", {"sql": "INSERT INTO a VALUES ('x')"})
	postgres_mcp.deny == set() with input as call("execute_sql", "destroy", {"sql": "INSERT INTO a VALUES ('x')"})
	ids(postgres_mcp.obligations) == {"PGPRO-301"} with input as call("execute_sql", "destroy", {"sql": "INSERT INTO a VALUES ('x')"})
	postgres_mcp.deny == set() with input as call("execute_sql", "destroy", {"sql": "UPDATE a SET b = 1 WHERE c = 2"})
	ids(postgres_mcp.obligations) == {"PGPRO-301"} with input as call("execute_sql", "destroy", {"sql": "UPDATE a SET b = 1 WHERE c = 2"})
	postgres_mcp.deny == set() with input as call("execute_sql", "destroy", {"sql": "CREATE INDEX i ON a (b)"})
	ids(postgres_mcp.obligations) == {"PGPRO-301"} with input as call("execute_sql", "destroy", {"sql": "CREATE INDEX i ON a (b)"})
}

test_what_hurts_does_not_run if {
	ids(postgres_mcp.deny) == {"PGPRO-202"} with input as call("execute_sql", "destroy", {"sql": "SELECT 1; SELECT 2"})
	ids(postgres_mcp.deny) == {"PGPRO-203"} with input as call("execute_sql", "destroy", {"sql": "COPY a TO PROGRAM 'id'"})
	ids(postgres_mcp.deny) == {"PGPRO-203"} with input as call("execute_sql", "destroy", {"sql": "DROP TABLE a"})
	ids(postgres_mcp.deny) == {"PGPRO-204"} with input as call("execute_sql", "destroy", {"sql": "DELETE FROM a"})
	ids(postgres_mcp.deny) == {"PGPRO-205"} with input as call("execute_sql", "destroy", {"sql": "SELECT pg_read_file('/etc/passwd')"})
	ids(postgres_mcp.deny) == {"PGPRO-206"} with input as call("execute_sql", "destroy", {"sql": "SELECT rolpassword FROM pg_authid"})
}

test_what_is_not_known_is_confirmed if {
	ids(postgres_mcp.allow) == {"PGPRO-190"} with input as call("drop_database", "unknown", {})
	ids(postgres_mcp.obligations) == {"PGPRO-390"} with input as call("drop_database", "unknown", {})
}
