package library_test

import data.gateway.v1.effects

test_only_reading_changes_nothing if {
	not effects.changes("read")
	every effect in ["write", "destroy", "unknown", "", null] {
		effects.changes(effect)
	}
}

test_effects_are_ordered if {
	effects.at_most("read", "read")
	effects.at_most("read", "write")
	effects.at_most("write", "destroy")
	not effects.at_most("destroy", "write")
	not effects.at_most("unknown", "destroy")
	not effects.at_most("", "unknown")
}
