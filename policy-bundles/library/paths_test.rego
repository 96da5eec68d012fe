package library_test

import data.gateway.v1.paths

# What is written, and its one form.
canonical_paths := {
	"": "",
	".": "",
	"/": "/",
	"a/b": "a/b",
	"/a/b/": "/a/b",
	"a//b/./c": "a/b/c",
	"a/../b": "b",
	"a/b/../../c": "c",
	"a/b/../c/./../d": "a/d",
	`a\b\..\c`: "a/c",
	"%61/b": "a/b",
	"a%2fb": "a/b",
	"a/%2e%2e/b": "b",
	"a/%252e%252e/b": "b",
	"caf%C3%A9/menu": "caf%C3%A9/menu",
	"100%": "100%",
	"a/%zz": "a/%zz",
	"ü/ñ": "ü/ñ",
	"...": "...",
	"a/..b": "a/..b",
}

unsafe_paths := {
	"..", "../a", "a/../../b", "/..", "/a/../..", "%2e%2e/a", "%252e%252e%252fa", "%25252e", "a%00b", "a\u0000b", "a\nb", "~/.ssh", "~root",
	"%c0%ae%c0%ae/a", "a%0ab", `..\a`, `a\..\..\b`,
}

test_a_path_has_one_form if {
	every written, form in canonical_paths {
		paths.canonical(written) == form
	}
}

test_the_form_is_its_own_form if {
	every _, form in canonical_paths {
		paths.canonical(form) == form
	}
}

test_an_unsafe_path_has_no_form if {
	every path in unsafe_paths {
		not paths.is_safe(path)
	}
}

test_only_text_is_a_path if {
	every value in [null, 1, true, ["a"], {"a": "b"}] {
		not paths.is_safe(value)
		not paths.within("a", value)
		not paths.matches("**", value)
	}
}

test_a_path_that_is_too_long_is_not_safe if {
	long := concat("", ["x" | some _ in numbers.range(1, 4096)])
	paths.is_safe(long)
	not paths.is_safe(concat("", [long, "x"]))
	not paths.is_safe(concat("", [substring(long, 0, 1024), "%"]))
	paths.is_safe(concat("", [substring(long, 0, 1023), "%"]))
}

test_only_so_many_segments_are_resolved if {
	deep := concat("/", ["x" | some _ in numbers.range(1, 127)])
	paths.is_safe(concat("/", [deep, ".."]))
	not paths.is_safe(concat("/", [deep, "x", ".."]))
	paths.is_safe(concat("/", [deep, "x", "x"]))
}

test_within_a_root if {
	paths.within("/srv/data", "/srv/data")
	paths.within("/srv/data/", "/srv/data/a.txt")
	paths.within("/srv/data", "/srv/data/../data/a.txt")
	paths.within("/", "/etc/passwd")
	paths.within("docs", "docs/a.md")
	paths.within("", "docs/a.md")
}

test_not_within_a_root if {
	not paths.within("/srv/data", "/srv/database")
	not paths.within("/srv/data", "/srv/data/../secret")
	not paths.within("/srv/data", "/srv/data/%2e%2e/secret")
	not paths.within("/srv/data", "a.txt")
	not paths.within("", "/etc/passwd")
	not paths.within("docs", "/docs/a.md")
	not paths.within("docs", "docs/../../etc")
}

test_matching_sees_through_spellings if {
	every path in [".github/workflows/a.yml", "/.github/workflows/a.yml", "x/../.github//workflows/a.yml", "%2egithub/workflows/a.yml"] {
		paths.matches(".github/**", path)
	}
	not paths.matches(".github/**", "docs/.github/workflows/a.yml")
	not paths.matches("*.md", "docs/a.md")
	paths.matches_any(["*.txt", "docs/*.md"], "docs/a.md")
	not paths.matches_any(["*.txt"], "docs/a.md")
	not paths.matches_any([], "docs/a.md")
}
