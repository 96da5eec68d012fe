package warehouse

import data.warehouse.config

# METADATA
# title: Reading is allowed
# custom: {id: WH-101}
allow contains {"id": "WH-101", "reason": "reading"} if input.action.effect == "read"

# METADATA
# title: Tables may be exported
# custom: {id: WH-102}
allow contains {"id": "WH-102", "reason": "export"} if input.action.tool == "export_table"

# METADATA
# title: A query is one SELECT statement
# description: Comments and further statements hide from a rule what a query does.
# custom:
#   id: WH-201
#   remediation: Send one statement that begins with SELECT or WITH, without comments and semicolons.
#   remedy: send_one_select
#   alternatives: [describe_table]
#   retry: with_changes
#   owner: data platform
deny contains {"id": "WH-201", "reason": "not_one_select"} if {
	input.action.tool == "run_query"
	not is_one_select
}

# METADATA
# title: A query of a table with personal data names its columns
# custom:
#   id: WH-202
#   remediation: Name the columns that you need of {table} instead of using *.
#   remedy: name_the_columns
#   alternatives: [describe_table]
#   retry: with_changes
#   owner: data platform
deny contains {"id": "WH-202", "reason": "all_columns_of_personal_data", "params": {"table": table}} if {
	some table in tables_in_query
	regex.match(`(?:\bselect|\bdistinct|\ball|,)\s*(?:[^\s,()]+\.)?\*`, sql)
}

# METADATA
# title: Personal data is read on behalf of users who are cleared for it
# custom:
#   id: WH-203
#   remediation: Leave out {column}, or count and group instead of listing people.
#   remedy: leave_out_personal_columns
#   retry: with_changes
#   owner: data platform
deny contains {"id": "WH-203", "reason": "data_class_unauthorized_for_user", "params": {"column": column}} if {
	some column in columns_in_query
	not user_is_cleared
}

# METADATA
# title: Personal data is exported on behalf of users who are cleared for it
# custom:
#   id: WH-204
#   remediation: Ask the data platform team for clearance for {class}, or export a table without personal data.
#   remedy: request_elevated_data_access
#   alternatives: [run_query]
#   owner: data platform
deny contains {"id": "WH-204", "reason": "data_class_unauthorized_for_user", "params": {"class": config.personal_class}} if {
	is_personal_export
	not user_is_cleared
}

# METADATA
# title: Reading personal data is kept for the audit
# custom: {id: WH-301}
obligations contains {"id": "WH-301", "type": "audit_required"} if {
	is_call
	count(columns_in_query) > 0
}

# METADATA
# title: Exporting personal data is kept for the audit
# custom: {id: WH-302}
obligations contains {"id": "WH-302", "type": "audit_required"} if {
	is_call
	is_personal_export
}

# METADATA
# title: A query without LIMIT may be cut off
# custom: {id: WH-303}
obligations contains {"id": "WH-303", "type": "warn", "text": "At most 100 rows come back; add LIMIT or GROUP BY to be sure of what you see."} if {
	is_call
	"select" in words
	not "limit" in words
	not "group" in words
}

# METADATA
# title: A query that takes too long is given up
# custom:
#   id: WH-304
#   remediation: Name fewer tables, or join them.
#   owner: data platform
obligations contains {"id": "WH-304", "type": "deadline", "ms": config.query_ms} if {
	is_call
	input.action.tool == "run_query"
}

# METADATA
# title: Whoever reads personal data has it in the conversation
# custom: {id: WH-401}
labels contains {"id": "WH-401", "label": config.personal_class} if {
	is_call
	count(columns_in_query) > 0
}

# METADATA
# title: Rows with personal data label the conversation they go to
# description: The server knows of every column where it comes from, also where a query renames it.
# custom: {id: WH-402}
labels contains {"id": "WH-402", "label": config.personal_class} if {
	input.action.type == "tool_result"
	config.personal_class in input.action.result.labels
}

# METADATA
# title: Numbers of cards and accounts stay in the warehouse
# custom:
#   id: WH-403
#   remediation: Leave out the column, or count and group.
#   remedy: leave_out_payment_data
#   retry: with_changes
#   owner: data platform
deny contains {"id": "WH-403", "reason": "payment_data_in_result"} if {
	input.action.type == "tool_result"
	some class in {"card_number", "iban"}
	input.action.result.data_classes[class]
}

# METADATA
# title: Telephone numbers and birthdays are blacked out
# custom: {id: WH-404}
obligations contains {"id": "WH-404", "type": "redact", "target": "result", "pointers": pointers} if {
	input.action.type == "tool_result"
	pointers := [sprintf("/structuredContent/rows/*/%d", [column]) |
		some column, name in input.action.result.structured.columns
		lower(name) in config.blacked_out
	]
	count(pointers) > 0
}

# A result is decided on with the arguments of its call.
is_call if input.action.type == "tool_call"

user_is_cleared if config.personal_class in input.user.data_classifications_authorized

# SQLite does not tell upper case from lower case in names.
is_personal_export if {
	input.action.tool == "export_table"
	config.personal_columns[lower(input.action.args.table)]
}

sql := lower(input.action.args.sql) if {
	input.action.tool == "run_query"
	is_string(input.action.args.sql)
}

is_one_select if {
	regex.match(`^\s*(?:select|with)\b`, sql)
	not regex.match(`;|--|/\*`, sql)
}

# Every word of the query counts, in quotes or not: a rule that reads SQL must not be talked out of what stands there.
words := {match[0] | some match in regex.find_all_string_submatch_n(`[a-z_][a-z0-9_]*`, sql, -1)}

tables_in_query := {table |
	some table, _ in config.personal_columns
	table in words
}

columns_in_query := {column |
	some table in tables_in_query
	some column in config.personal_columns[table]
	column in words
}
