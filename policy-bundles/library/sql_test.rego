package library_test

import data.gateway.v1.sql

reading_statements := {
	"SELECT 1",
	"  select * from orders where note = 'please delete or drop' ",
	"SELECT 'it''s an update' AS text",
	"WITH a AS (SELECT 1) SELECT * FROM a;",
	"(SELECT replace(name, 'a', 'b') FROM people)",
	"EXPLAIN ANALYZE SELECT * FROM orders",
	"SHOW TABLES",
	"SELECT \"updated_at\", deleted FROM orders",
}

# The first has a semicolon in a literal: dialects end literals in different places.
other_statements := {
	"SELECT 'a;b'",
	"INSERT INTO orders VALUES (1)",
	"COMMIT; CREATE TABLE t (a int)",
	"SELECT 1; SELECT 2",
	"WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
	"SELECT * INTO copy_of FROM orders",
	"SELECT 1 INTO OUTFILE '/tmp/x'",
	"EXPLAIN ANALYZE DELETE FROM orders",
	"SELECT 1 -- ' \n INTO x --'",
	"SELECT 1 /*' into x '*/",
	"SELECT E'\\' into x '",
	"SELECT ARRAY['a]', b INTO x, 'c']",
	"SELECT $$'$$ INTO x --'",
	"SELECT \"a'b\" INTO x WHERE c = 'd'",
	"SELECT U&\"d\\0061ta\" FROM t",
	"PRAGMA writable_schema = 1",
	"",
	"'select'",
}

test_what_only_reads_is_known_by_its_words if {
	every statement in reading_statements {
		sql.reads(statement)
	}
}

test_doubt_is_not_reading if {
	every statement in other_statements {
		not sql.reads(statement)
	}
	not sql.reads(1)
	not sql.is_single(1)
	not sql.reads(concat("", ["SELECT '", long_text, "'"]))
}

long_text := concat("", ["aaaaaaaaaa" | some _ in numbers.range(1, 2001)])

test_words_are_those_outside_of_literals if {
	sql.words("SELECT \"pg_read_file\"('/etc/x') AS A") == {"select", "pg_read_file", "as", "a"}
	sql.words("select 'a' -- b") == {"select", "a", "b"}
	sql.has_any("SELECT pg_read_file('x')", {"lo_*", "pg_read_*"})
	not sql.has_any("SELECT 'pg_read_file'", {"lo_*", "pg_read_*"})
	sql.has_any("SELECT 1", {"*"})
	sql.has_any("SELECT Load_File('x')", ["LOAD_file"])
	not sql.has_any("SELECT preload_files", ["load_file"])
	not sql.has_any("SELECT ab", {"a.", "(", ""})
	not sql.has_any("SELECT ab", set())
	not sql.has_any(1, {"*"})
}
