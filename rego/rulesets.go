package main

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// ruleSets are the rules of the root package that a bundle speaks through, in
// the order in which they are listed everywhere.
var ruleSets = []string{"allow", "deny", "hide", "obligations", "labels", "capabilities", "permit"}

// checkRuleSets refuses a rule set that is anything but a set, because the
// gateway reads its elements: `allow := true` or `deny["x"] := 1` would be
// taken for something else.
func checkRuleSets(bundle *parsed, found *problems) {
	for _, module := range bundle.policy {
		for _, rule := range module.Rules {
			if name := ruleSetOf(rule); name != "" && !isPartialSet(rule) {
				found.add(codeRuleSet, rule.Location, "%s must be a set: write `%s contains {…} if …`", rule.Head.Reference, name)
			}
		}
		if path := module.Package.Path; len(path) > 2 {
			if name, ok := path[2].Value.(ast.String); ok && slices.Contains(ruleSets, string(name)) {
				found.add(codeRuleSet, module.Package.Location, "package %s: %s is the name of a rule set", dotted(path), name)
			}
		}
	}
}

// writtenRuleSets answers the rule sets that the bundle has, in their order.
func writtenRuleSets(bundle *parsed) []string {
	written := map[string]bool{}
	for _, module := range bundle.policy {
		for _, rule := range module.Rules {
			written[ruleSetOf(rule)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(ruleSets), func(name string) bool { return !written[name] })
}

// ruleSetOf answers which rule set a rule belongs to, or "" for all others.
func ruleSetOf(rule *ast.Rule) string {
	name := ruleName(rule)
	if len(rule.Module.Package.Path) == 2 && slices.Contains(ruleSets, name) {
		return name
	}
	return ""
}

func isPartialSet(rule *ast.Rule) bool {
	return len(rule.Head.Reference) == 1 && rule.Head.RuleKind() == ast.MultiValue
}

// rulesOf answers the compiled rules of each rule set that the bundle has.
func rulesOf(bundle *checked) map[string][]*ast.Rule {
	rules := map[string][]*ast.Rule{}
	for file := range bundle.policy {
		for _, rule := range bundle.compiler.Modules[file].Rules {
			if name := ruleSetOf(rule); name != "" {
				rules[name] = append(rules[name], rule)
			}
		}
	}
	return rules
}
