package main

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// variableInputs change from call to call, so what is hidden cannot depend on
// them: a tool that is hidden from a list must stay hidden when it is called.
var variableInputs = append([]string{"action.args", "budgets", "claims", "context"}, timeInputs...)

// checkHides holds hide rules to what a listing knows.
func checkHides(bundle *checked, found *problems) {
	for _, rule := range rulesOf(bundle)["hide"] {
		depends := readsOf(bundle.compiler, []*ast.Rule{rule})
		for _, read := range depends.Inputs {
			unknown := slices.DeleteFunc(slices.Clone(variableInputs), func(path string) bool { return !overlaps(read, path) })
			if len(unknown) > 0 {
				found.add(codeHide, rule.Location, "a hide rule cannot depend on %s, because it holds %s, which a listing does not know",
					inputName(read), strings.Join(unknown, ", "))
			}
		}
		if slices.Contains(depends.RequiresBuiltins, "time.now_ns") {
			found.add(codeHide, rule.Location, "a hide rule cannot depend on the time")
		}
	}
}

func inputName(path string) string {
	if path == "" {
		return "input as a whole"
	}
	return "input." + path
}
