package library_test

import data.gateway.v1.tools

tool_table := {"read": ["path"], "now": []}

test_a_tool_is_known_with_its_arguments if {
	tools.knows(tool_table, {"tool": "read", "args": {"path": "a"}})
	tools.knows(tool_table, {"tool": "read", "args": {}})
	tools.knows(tool_table, {"tool": "now", "args": {}})
}

test_another_tool_or_argument_is_not_known if {
	not tools.knows(tool_table, {"tool": "write", "args": {}})
	not tools.knows(tool_table, {"tool": "read", "args": {"path": "a", "as": "root"}})
	not tools.knows({}, {"tool": "read", "args": {}})
}
