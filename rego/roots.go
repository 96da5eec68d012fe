package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

var rootPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// reservedRoots would let a bundle stand in for the library or for OPA itself.
var reservedRoots = []string{"gateway", "system"}

// reservedPrefix is what the gateway's own rules in a bundle's root begin with.
const reservedPrefix = "gateway_"

// checkRoots holds every package and the data to the one root of the bundle.
func checkRoots(bundle *parsed, found *problems) {
	if !rootPattern.MatchString(bundle.Root) {
		found.add(codeRoot, nil, "the root %q must match %s", bundle.Root, rootPattern)
		return
	}
	if slices.Contains(reservedRoots, bundle.Root) || ast.IsKeyword(bundle.Root) {
		found.add(codeRoot, nil, "the root %q is reserved", bundle.Root)
		return
	}
	for file, module := range bundle.policy {
		path := module.Package.Path
		if len(path) < 2 || path[1].Value.Compare(ast.String(bundle.Root)) != 0 {
			found.add(codeRoot, module.Package.Location, "package %s lies outside the bundle's root %q (tests have the package %s_test)",
				dotted(path), bundle.Root, bundle.Root)
		}
		if strings.HasSuffix(file, "_test.rego") {
			found.add(codeTest, module.Package.Location, "a test file has the package %s_test, because tests are not part of what is deployed", bundle.Root)
		}
	}
	for file, module := range bundle.tests {
		if !strings.HasSuffix(file, "_test.rego") {
			found.add(codeTest, module.Package.Location, "the name of a file with the package %s_test ends in _test.rego", bundle.Root)
		}
	}
	for member := range bundle.Data {
		if member != bundle.Root {
			found.add(codeData, nil, "data.%s lies outside the bundle's root %q", member, bundle.Root)
		}
	}
}

// checkNames refuses rules, packages and data that could be mistaken for the
// gateway's own.
func checkNames(bundle *parsed, found *problems) {
	for _, module := range bundle.policy {
		if path := module.Package.Path; len(path) > 2 && isReserved(path[2].Value) {
			found.add(codeReserved, module.Package.Location, "package %s: names that begin with %s are reserved", dotted(path), reservedPrefix)
		}
		for _, rule := range module.Rules {
			if name := ruleName(rule); strings.HasPrefix(name, reservedPrefix) {
				found.add(codeReserved, rule.Location, "rule %s: names that begin with %s are reserved", name, reservedPrefix)
			}
		}
	}
	data, _ := bundle.Data[bundle.Root].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(data)) {
		if strings.HasPrefix(name, reservedPrefix) {
			found.add(codeReserved, nil, "data.%s.%s: names that begin with %s are reserved", bundle.Root, name, reservedPrefix)
		}
	}
}

func isReserved(name ast.Value) bool {
	text, ok := name.(ast.String)
	return ok && strings.HasPrefix(string(text), reservedPrefix)
}

// ruleName answers the first part of a rule's name: deny of deny.foo.
func ruleName(rule *ast.Rule) string {
	name, _ := rule.Head.Reference[0].Value.(ast.Var)
	return string(name)
}
