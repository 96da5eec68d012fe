package mysql_test

import data.gateway.v1.inputs
import data.mysql

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("mysql", tool, effect, args)

test_data_is_read if {
	ids(mysql.allow) == {"MYSQL-101"} with input as call("mysql_query", "destroy", {"sql": "SHOW TABLES"})
	mysql.deny == set() with input as call("mysql_query", "destroy", {"sql": "SHOW TABLES"})
	mysql.obligations == set() with input as call("mysql_query", "destroy", {"sql": "SHOW TABLES"})
	mysql.deny == set() with input as call("mysql_query", "destroy", {"sql": "SELECT `name` FROM people"})
	mysql.obligations == set() with input as call("mysql_query", "destroy", {"sql": "SELECT `name` FROM people"})
}

test_rows_are_changed_when_confirmed if {
	ids(mysql.allow) == {"MYSQL-101"} with input as call("mysql_query", "destroy", {"sql": "INSERT INTO a VALUES ('x')"})
	mysql.deny == set() with input as call("mysql_query", "destroy", {"sql": "INSERT INTO a VALUES ('x')"})
	ids(mysql.obligations) == {"MYSQL-301"} with input as call("mysql_query", "destroy", {"sql": "INSERT INTO a VALUES ('x')"})
}

test_what_hurts_does_not_run if {
	ids(mysql.deny) == {"MYSQL-201", "MYSQL-202"} with input as call("mysql_query", "destroy", {"sql": "SELECT 1; DROP TABLE a"})
	ids(mysql.deny) == {"MYSQL-202"} with input as call("mysql_query", "destroy", {"sql": "DROP TABLE a"})
	ids(mysql.deny) == {"MYSQL-202"} with input as call("mysql_query", "destroy", {"sql": "SELECT 1 INTO OUTFILE '/tmp/x'"})
	ids(mysql.deny) == {"MYSQL-202"} with input as call("mysql_query", "destroy", {"sql": "SELECT 1 /*!50000 INTO OUTFILE \"/tmp/x\" */"})
	ids(mysql.deny) == {"MYSQL-202"} with input as call("mysql_query", "destroy", {"sql": "INSERT INTO a VALUES (1) /*! x */"})
	ids(mysql.deny) == {"MYSQL-203"} with input as call("mysql_query", "destroy", {"sql": "DELETE FROM a"})
	ids(mysql.deny) == {"MYSQL-204"} with input as call("mysql_query", "destroy", {"sql": "SELECT LOAD_FILE('/etc/passwd')"})
	ids(mysql.deny) == {"MYSQL-205"} with input as call("mysql_query", "destroy", {"sql": "SELECT * FROM mysql.user"})
}

test_what_is_not_known_is_confirmed if {
	ids(mysql.allow) == {"MYSQL-190"} with input as call("mysql_admin", "unknown", {})
	ids(mysql.obligations) == {"MYSQL-390"} with input as call("mysql_admin", "unknown", {})
}
