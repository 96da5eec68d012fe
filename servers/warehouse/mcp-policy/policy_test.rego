package warehouse_test

import data.gateway.v1.inputs
import data.warehouse

query(sql) := inputs.tool_call("warehouse", "run_query", "read", {"sql": sql})

export(table) := inputs.tool_call("warehouse", "export_table", "write", {"table": table, "file": "out.csv"})

cleared(call) := object.union(call, {"user": {"data_classifications_authorized": ["customer_pii"]}})

ids(elements) := {element.id | some element in elements}

test_an_aggregate_is_allowed if {
	call := query("SELECT country, count(*) FROM customers GROUP BY country")
	ids(warehouse.allow) == {"WH-101"} with input as call
	warehouse.deny == set() with input as call
	ids(warehouse.obligations) == {"WH-304"} with input as call
}

test_looking_around_is_allowed if {
	every tool in ["list_tables", "describe_table"] {
		ids(warehouse.allow) == {"WH-101"} with input as inputs.tool_call("warehouse", tool, "read", {"table": "customers"})
		warehouse.deny == set() with input as inputs.tool_call("warehouse", tool, "read", {"table": "customers"})
	}
}

test_only_one_select_is_run if {
	every sql in [
		"DELETE FROM orders", "PRAGMA query_only = 0", "ATTACH 'x' AS y", "SELECT 1; DROP TABLE orders", "SELECT 1 -- x",
		"SELECT /* x */ 1", "", "selection",
	] {
		ids(warehouse.deny) == {"WH-201"} with input as query(sql)
	}
	ids(warehouse.deny) == {"WH-201"} with input as query(null)
	ids(warehouse.deny) == {"WH-201"} with input as inputs.tool_call("warehouse", "run_query", "read", {})
	warehouse.deny == set() with input as query("\nwith t as (select 1 as x) select x from t limit 1")
}

test_columns_of_personal_tables_are_named if {
	every sql in [
		"SELECT * FROM customers", "select c.* from customers c", "SELECT id, * FROM \"customers\"",
		"select distinct * from CUSTOMERS", "SELECT id FROM orders UNION ALL SELECT * FROM customers",
	] {
		"WH-202" in ids(warehouse.deny) with input as query(sql)
	}
	warehouse.deny == set() with input as query("SELECT * FROM orders")
	warehouse.deny == set() with input as query("SELECT sum(quantity * 2) FROM orders, customers WHERE customer_id = customers.id")
}

test_personal_columns_need_clearance if {
	every sql in ["SELECT email FROM customers", "SELECT lower(\"Email\") FROM customers", "SELECT id FROM customers WHERE email LIKE 'a%'"] {
		warehouse.deny == {{"id": "WH-203", "reason": "data_class_unauthorized_for_user", "params": {"column": "email"}}} with input as query(sql)
		warehouse.deny == set() with input as cleared(query(sql))
	}
	warehouse.deny == set() with input as query("SELECT name FROM products")
}

test_an_export_of_personal_data_needs_clearance if {
	every table in ["customers", "Customers"] {
		ids(warehouse.deny) == {"WH-204"} with input as export(table)
		warehouse.deny == set() with input as cleared(export(table))
		ids(warehouse.allow) == {"WH-102"} with input as export(table)
		ids(warehouse.obligations) == {"WH-302"} with input as export(table)
	}
	warehouse.deny == set() with input as export("orders")
	warehouse.obligations == set() with input as export("orders")
}

test_reading_personal_data_is_audited if {
	ids(warehouse.obligations) == {"WH-301", "WH-304"} with input as query("SELECT email FROM customers LIMIT 5")
}

test_a_query_without_limit_gets_a_warning if {
	ids(warehouse.obligations) == {"WH-303", "WH-304"} with input as query("SELECT id FROM orders")
	ids(warehouse.obligations) == {"WH-304"} with input as query("SELECT id FROM orders LIMIT 10")
}

test_who_reads_personal_data_has_it_in_the_conversation if {
	warehouse.labels == {{"id": "WH-401", "label": "customer_pii"}} with input as cleared(query("SELECT email FROM customers LIMIT 1"))
	warehouse.labels == set() with input as query("SELECT count(*) FROM customers GROUP BY country")
}

test_rows_with_personal_data_label_the_conversation if {
	result := inputs.tool_result(query("SELECT max(email) FROM customers"), {"labels": ["customer_pii"]})
	warehouse.labels == {{"id": "WH-402", "label": "customer_pii"}} with input as result
	warehouse.labels == set() with input as inputs.tool_result(query("SELECT id FROM orders"), {"labels": []})
}

test_what_was_said_of_a_call_is_not_said_again_of_its_result if {
	every call in [query("SELECT email FROM customers"), export("customers")] {
		warehouse.obligations == set() with input as inputs.tool_result(cleared(call), {"labels": ["customer_pii"]})
		warehouse.deny == set() with input as inputs.tool_result(cleared(call), {"labels": ["customer_pii"]})
	}
}

test_payment_data_is_withheld if {
	call := query("SELECT note FROM orders LIMIT 1")
	ids(warehouse.deny) == {"WH-403"} with input as inputs.tool_result(call, {"data_classes": {"card_number": 1}})
	ids(warehouse.deny) == {"WH-403"} with input as inputs.tool_result(call, {"data_classes": {"iban": 2}})
	warehouse.deny == set() with input as inputs.tool_result(call, {"data_classes": {"email": 1}})
}

test_some_columns_are_blacked_out if {
	rows := inputs.tool_result(cleared(query("SELECT name, Phone FROM customers LIMIT 1")), {"structured": {"columns": ["name", "Phone"]}})
	warehouse.obligations == {{"id": "WH-404", "type": "redact", "target": "result", "pointers": ["/structuredContent/rows/*/1"]}} with input as rows
}

test_a_query_has_its_time if {
	deadlines := [one | some one in warehouse.obligations; one.type == "deadline"] with input as query("SELECT 1")
	deadlines == [{"id": "WH-304", "type": "deadline", "ms": 10000}]
}
