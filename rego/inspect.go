package main

import (
	"cmp"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

type place struct {
	File   string `json:"file"`
	Row    int    `json:"row"`
	Column int    `json:"column"`
}

func placeOf(at *ast.Location) place {
	if at == nil {
		return place{}
	}
	return place{File: at.File, Row: at.Row, Column: at.Col}
}

// inspection is what can be known of a bundle without running it.
type inspection struct {
	Errors []problem `json:"errors"`
	// Entrypoint is what the bundle's decision as a whole can depend on.
	Entrypoint  reads                 `json:"entrypoint"`
	RuleSets    map[string]reads      `json:"ruleSets"`
	Rules       []inspectedRule       `json:"rules"`
	Annotations []inspectedAnnotation `json:"annotations"`
	// IDs unites what the rules that emit an id can depend on.
	IDs map[string]reads `json:"ids"`
}

type inspectedRule struct {
	// Path is the rule's name with its package: github.sub.is_owner.
	Path string `json:"path"`
	// RuleSet is the rule set that the rule belongs to, or "".
	RuleSet string `json:"ruleSet"`
	// Kind is set, object, value or function.
	Kind string `json:"kind"`
	// AnnotatedIDs are the ids in the rule's own annotations.
	AnnotatedIDs []string `json:"annotatedIds"`
	// IsReached says whether the decision depends on the rule at all.
	IsReached bool `json:"isReached"`
	emitted
	place
	reads
}

type inspectedAnnotation struct {
	ID          string         `json:"id"`
	Scope       string         `json:"scope"`
	Path        string         `json:"path"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Custom      map[string]any `json:"custom"`
	place
}

func newInspection() inspection {
	return inspection{Errors: []problem{}, Entrypoint: emptyReads(), RuleSets: map[string]reads{}, Rules: []inspectedRule{},
		Annotations: []inspectedAnnotation{}, IDs: map[string]reads{}}
}

// inspect checks one bundle and then tells what is in it.
func inspect(req *request) (any, error) {
	if req.Bundle == nil {
		return nil, errNoBundle
	}
	found := newProblems(req.Bundle.ID)
	bundle := checkBundle(req, req.Bundle, found)
	if bundle == nil {
		result := newInspection()
		result.Errors = found.sorted()
		return result, nil
	}
	return inspectChecked(bundle), nil
}

func inspectChecked(bundle *checked) inspection {
	result := newInspection()
	for name, rules := range rulesOf(bundle) {
		result.RuleSets[name] = readsOf(bundle.compiler, rules)
	}
	result.Entrypoint = readsOf(bundle.compiler, bundle.compiler.Modules[entrypointRule].Rules)
	reached := reachable(bundle.compiler, bundle.compiler.Modules[entrypointRule].Rules)
	byID := map[string][]*ast.Rule{}
	for _, file := range slices.Sorted(maps.Keys(bundle.policy)) {
		written, compiled := bundle.policy[file].Rules, bundle.compiler.Modules[file].Rules
		for index, rule := range written {
			inspected := inspectRule(rule, readsOf(bundle.compiler, compiled[index:index+1]))
			inspected.IsReached = reached[compiled[index]]
			result.Rules = append(result.Rules, inspected)
			for _, id := range inspected.IDs {
				byID[id] = append(byID[id], compiled[index])
			}
		}
		result.Annotations = append(result.Annotations, inspectAnnotations(bundle.policy[file])...)
	}
	for id, rules := range byID {
		result.IDs[id] = readsOf(bundle.compiler, rules)
	}
	return result
}

// inspectRule describes a rule as it is written; the compiler keeps the order
// of the rules in a file, so its twin has the same index.
func inspectRule(rule *ast.Rule, depends reads) inspectedRule {
	result := inspectedRule{Path: dotted(rule.Ref()), RuleSet: ruleSetOf(rule), Kind: kindOf(rule), AnnotatedIDs: annotatedIDs(rule),
		place: placeOf(rule.Location), reads: depends, emitted: emitted{IDs: []string{}}}
	if result.RuleSet != "" {
		result.emitted = emittedIDs(rule)
	}
	return result
}

// annotatedIDs answers the ids in a rule's own annotations.
func annotatedIDs(rule *ast.Rule) []string {
	ids := []string{}
	for _, annotation := range rule.Annotations {
		if id := customID(annotation); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

func kindOf(rule *ast.Rule) string {
	switch {
	case len(rule.Head.Args) > 0:
		return "function"
	case rule.Head.RuleKind() == ast.MultiValue:
		return "set"
	case !rule.Ref().IsGround():
		return "object"
	default:
		return "value"
	}
}

// inspectAnnotations answers the annotations of a file in its order.
func inspectAnnotations(module *ast.Module) []inspectedAnnotation {
	var list []inspectedAnnotation
	for _, annotation := range module.Annotations {
		custom := annotation.Custom
		if custom == nil {
			custom = map[string]any{}
		}
		list = append(list, inspectedAnnotation{ID: customID(annotation), Scope: annotation.Scope, Path: dotted(annotation.GetTargetPath()),
			Title: annotation.Title, Description: annotation.Description, Custom: custom, place: placeOf(annotation.Location)})
	}
	slices.SortStableFunc(list, func(a, b inspectedAnnotation) int { return cmp.Compare(a.Row, b.Row) })
	return list
}

func customID(annotation *ast.Annotations) string {
	id, _ := annotation.Custom["id"].(string)
	return id
}
