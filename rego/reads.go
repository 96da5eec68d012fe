package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// reads is what the value of some rules can depend on. It errs on the side of
// more: a variable bound to input.action counts as reading all of it.
type reads struct {
	// Inputs are paths such as "agent.id"; "" alone stands for the whole input.
	Inputs []string `json:"inputs"`
	// DataReads are paths of base documents such as "github.config".
	DataReads []string `json:"dataReads"`
	// RequiresBuiltins are host built-ins that are called.
	RequiresBuiltins []string `json:"requiresBuiltins"`
	// UsesTime says whether the rules look at the clock, by built-in or by input.
	UsesTime bool `json:"usesTime"`
}

// timeInputs are the members of the input that change with the clock.
var timeInputs = []string{"environment.time", "environment.time_ms", "environment.weekday"}

// readsOf follows the rules to everything they reach.
func readsOf(compiler *ast.Compiler, rules []*ast.Rule) reads {
	inputs, data, calls := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for rule := range reachable(compiler, rules) {
		// An else branch is reached as a rule of its own; walking it twice is harmless.
		walkReferences(rule, func(ref ast.Ref, _ *ast.Location) {
			switch {
			case ast.InputRootDocument.Equal(ref[0]):
				inputs[constantPath(ref)] = true
			case ast.DefaultRootDocument.Equal(ref[0]) && isBaseDocument(compiler, ref):
				data[constantPath(ref)] = true
			}
		})
		walkCalls(rule, func(name string, _ *ast.Location) { calls[name] = true })
	}
	result := reads{Inputs: minimal(inputs), DataReads: minimal(data), RequiresBuiltins: hostBuiltins(calls)}
	result.UsesTime = calls["time.now_ns"] || slices.ContainsFunc(timeInputs, func(path string) bool {
		return slices.ContainsFunc(result.Inputs, func(read string) bool { return overlaps(read, path) })
	})
	return result
}

// reachable answers the rules and all that they depend on, else branches too.
func reachable(compiler *ast.Compiler, rules []*ast.Rule) map[*ast.Rule]bool {
	seen := map[*ast.Rule]bool{}
	pending := slices.Clone(rules)
	for len(pending) > 0 {
		rule := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if rule == nil || seen[rule] {
			continue
		}
		seen[rule] = true
		pending = append(pending, rule.Else)
		for next := range compiler.Graph.Dependencies(rule) {
			pending = append(pending, next.(*ast.Rule))
		}
	}
	return seen
}

// isBaseDocument says whether a reference can see data that is no rule: either
// no rule lies on its way, or it looks at a whole package.
func isBaseDocument(compiler *ast.Compiler, ref ast.Ref) bool {
	return len(compiler.GetRulesForVirtualDocument(ref.ConstantPrefix())) == 0
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// constantPath joins the constant parts after input or data; it ends before
// the first part that is not a plain name, which makes the path wider.
func constantPath(ref ast.Ref) string {
	var parts []string
	for _, part := range ref[1:] {
		name, ok := part.Value.(ast.String)
		if !ok || !plainName.MatchString(string(name)) {
			break
		}
		parts = append(parts, string(name))
	}
	return strings.Join(parts, ".")
}

// minimal sorts the paths and leaves out those that lie below another.
func minimal(paths map[string]bool) []string {
	kept := []string{}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if !slices.ContainsFunc(kept, func(wider string) bool { return contains(wider, path) }) {
			kept = append(kept, path)
		}
	}
	return kept
}

// contains says whether path is wider or lies below it.
func contains(wider, path string) bool {
	return wider == "" || wider == path || strings.HasPrefix(path, wider+".")
}

func overlaps(a, b string) bool { return contains(a, b) || contains(b, a) }

func hostBuiltins(calls map[string]bool) []string {
	names := []string{}
	for name := range calls {
		if !slices.Contains(builtins().Native, name) && !slices.Contains(builtins().Compiled, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func emptyReads() reads {
	return reads{Inputs: []string{}, DataReads: []string{}, RequiresBuiltins: []string{}}
}
