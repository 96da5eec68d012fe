package library_test

import data.gateway.v1.globs

test_a_star_stands_for_any_text if {
	globs.matches("*", "")
	globs.matches("*", "a.b/c")
	globs.matches("create_*", "create_refund")
	globs.matches("release/*", "release/2026/01")
	globs.matches("{main,master}", "master")
	globs.matches("read", "read")
}

test_a_pattern_matches_the_whole_name if {
	not globs.matches("create_*", "re_create_x")
	not globs.matches("read", "reads")
	not globs.matches("", "a")
}

test_only_text_matches if {
	not globs.matches("*", null)
	not globs.matches("*", 1)
	not globs.matches(null, "a")
}

test_one_of_several_patterns_is_enough if {
	globs.matches_any(["a*", "b*"], "bee")
	not globs.matches_any(["a*", "b*"], "sea")
	not globs.matches_any([], "sea")
}
