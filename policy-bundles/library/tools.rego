# METADATA
# title: Tools
# description: |
#   What a bundle knows of the tools of its server: a table of their names, each with the names of its arguments. A bundle that
#   allows what it knows is not surprised by the next version of the server.
package gateway.v1.tools

# METADATA
# description: |
#   Whether the table has the tool of an action, and every argument that it is called with: `tools.knows(table, input.action)`.
default knows(_, _) := false

knows(table, action) if {
	known := table[action.tool]
	every name, _ in action.args {
		name in known
	}
}
