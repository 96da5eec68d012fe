package mongodb_test

import data.gateway.v1.inputs
import data.mongodb

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("mongodb", tool, effect, args)

configured(change) := object.union(data.mongodb.config, change)

test_data_is_read if {
	ids(mongodb.allow) == {"MONGO-101"} with input as call("find", "read", {"connectionId": "c", "database": "shop", "collection": "orders", "filter": {"a": 1}})
	mongodb.deny == set() with input as call("find", "read", {"connectionId": "c", "database": "shop", "collection": "orders", "filter": {"a": 1}})
	mongodb.obligations == set() with input as call("find", "read", {"connectionId": "c", "database": "shop", "collection": "orders", "filter": {"a": 1}})
	ids(mongodb.allow) == {"MONGO-101"} with input as call("list-databases", "read", {"connectionId": "c"})
	mongodb.deny == set() with input as call("list-databases", "read", {"connectionId": "c"})
	ids(mongodb.allow) == {"MONGO-102"} with input as call("insert-many", "write", {"connectionId": "c", "database": "shop", "collection": "orders", "documents": [{"a": 1}]})
	mongodb.deny == set() with input as call("insert-many", "write", {"connectionId": "c", "database": "shop", "collection": "orders", "documents": [{"a": 1}]})
	mongodb.obligations == set() with input as call("insert-many", "write", {"connectionId": "c", "database": "shop", "collection": "orders", "documents": [{"a": 1}]})
}

test_closed_databases_stay_closed if {
	ids(mongodb.deny) == {"MONGO-201"} with input as call("find", "read", {"connectionId": "c", "database": "admin", "collection": "orders"})
	ids(mongodb.deny) == {"MONGO-201"} with input as call("find", "read", {"connectionId": "c", "database": "shop", "collection": "orders"})
		with data.mongodb.config as configured({"databases": ["test*"]})
	mongodb.deny == set() with input as call("find", "read", {"connectionId": "c", "database": "test1", "collection": "orders"})
		with data.mongodb.config as configured({"databases": ["test*"]})
}

test_what_reads_only_reads if {
	ids(mongodb.deny) == {"MONGO-202"} with input as call("aggregate", "read", {"connectionId": "c", "database": "shop", "collection": "orders", "pipeline": [{"$match": {}}, {"$out": "copy"}]})
	ids(mongodb.deny) == {"MONGO-202"} with input as call("find", "read", {"connectionId": "c", "database": "shop", "collection": "orders", "filter": {"$where": "sleep(1)"}})
	mongodb.deny == set() with input as call("aggregate", "read", {"connectionId": "c", "database": "shop", "collection": "orders", "pipeline": [{"$group": {"_id": "$a"}}]})
}

test_a_change_says_which_documents if {
	ids(mongodb.deny) == {"MONGO-203"} with input as call("delete-many", "destroy", {"connectionId": "c", "database": "shop", "collection": "orders"})
	ids(mongodb.deny) == {"MONGO-203"} with input as call("update-many", "destroy", {"connectionId": "c", "database": "shop", "collection": "orders", "filter": {}, "update": {}})
	ids(mongodb.allow) == {"MONGO-102"} with input as call("delete-many", "destroy", {"connectionId": "c", "database": "shop", "collection": "orders", "filter": {"a": 1}})
	mongodb.deny == set() with input as call("delete-many", "destroy", {"connectionId": "c", "database": "shop", "collection": "orders", "filter": {"a": 1}})
	ids(mongodb.obligations) == {"MONGO-301"} with input as call("delete-many", "destroy", {"connectionId": "c", "database": "shop", "collection": "orders", "filter": {"a": 1}})
}

test_drops_are_refused_or_confirmed if {
	ids(mongodb.deny) == {"MONGO-204"} with input as call("drop-database", "destroy", {"connectionId": "c", "database": "shop"})
	mongodb.deny == set() with input as call("drop-collection", "destroy", {"connectionId": "c", "database": "shop", "collection": "orders"})
	ids(mongodb.obligations) == {"MONGO-302"} with input as call("drop-collection", "destroy", {"connectionId": "c", "database": "shop", "collection": "orders"})
	mongodb.deny == set() with input as call("export", "write", {"connectionId": "c", "database": "shop", "collection": "orders", "exportTitle": "a", "exportTarget": []})
	ids(mongodb.obligations) == {"MONGO-303"} with input as call("export", "write", {"connectionId": "c", "database": "shop", "collection": "orders", "exportTitle": "a", "exportTarget": []})
}

test_connections_lead_to_open_hosts if {
	ids(mongodb.deny) == {"MONGO-205"} with input as call("connect", "write", {"connectionString": "mongodb://evil.example/"})
	ids(mongodb.deny) == {"MONGO-205"} with input as call("connect", "write", {"connectionString": "mongodb+srv://u:p@db.northwind.example:27017,evil.example/x"})
		with data.mongodb.config as configured({"hosts": ["db.northwind.example"]})
	mongodb.deny == set() with input as call("connect", "write", {"connectionString": "mongodb://u:p@db.northwind.example:27017/x"})
		with data.mongodb.config as configured({"hosts": ["db.northwind.example"]})
}

test_what_is_not_known_is_confirmed if {
	ids(mongodb.allow) == {"MONGO-190"} with input as call("atlas-create-user", "unknown", {})
	ids(mongodb.obligations) == {"MONGO-390"} with input as call("atlas-create-user", "unknown", {})
}
