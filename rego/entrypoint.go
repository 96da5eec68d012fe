package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// entrypointRule is the rule that the toolchain adds to a bundle's root package.
const entrypointRule = reservedPrefix + "decision_v1"

// entrypointOf names each rule set that the bundle has and writes set() for the
// others. It never names the package as a value: data in the package would
// then be part of the decision.
func entrypointOf(bundle *parsed) *ast.Module {
	present := writtenRuleSets(bundle)
	var members []string
	for _, name := range ruleSets {
		value := "set()"
		if slices.Contains(present, name) {
			value = name
		}
		members = append(members, fmt.Sprintf("%q: %s", name, value))
	}
	text := fmt.Sprintf("package %s\n\n%s := {%s}\n", bundle.Root, entrypointRule, strings.Join(members, ", "))
	options := ast.ParserOptions{Capabilities: regoV1(), RegoVersion: ast.RegoV1}
	module, err := ast.ParseModuleWithOpts(entrypointRule, text, options)
	if err != nil {
		panic(err) // The root has been checked, and nothing else of the text is anybody's.
	}
	return module
}

// entrypointPath is the name of a bundle's entrypoint in the linked module.
func entrypointPath(bundle *source) string {
	return strings.Join([]string{linkPrefix, bundle.ID, bundle.Root, entrypointRule}, "/")
}
