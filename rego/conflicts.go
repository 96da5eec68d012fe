package main

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// checkDataConflicts refuses data at, below or instead of a rule's path. OPA's
// compiler only knows of rules; in WebAssembly data at the path of a deny rule
// would switch that rule off.
func checkDataConflicts(bundle *checked, found *problems) {
	for file := range bundle.policy {
		for _, rule := range bundle.compiler.Modules[file].Rules {
			path := rule.Ref().GroundPrefix()
			if at := conflict(bundle.Data, path[1:]); at != nil {
				found.add(codeData, rule.Location, "data.%s is in the way of the rule %s", strings.Join(at, "."), dotted(path))
			}
		}
	}
}

// conflict answers the path of what stands in the data where the path of a
// rule leads, or nil. Objects on the way are fine: a rule github.deny and data
// at github.config live side by side.
func conflict(data map[string]any, path ast.Ref) []string {
	var current any = data
	var walked []string
	for _, part := range path {
		object, ok := current.(map[string]any)
		if !ok {
			return walked
		}
		name, ok := part.Value.(ast.String)
		if !ok {
			return nil
		}
		if current, ok = object[string(name)]; !ok {
			return nil
		}
		walked = append(walked, string(name))
	}
	return walked
}
