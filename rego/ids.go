package main

import "github.com/open-policy-agent/opa/v1/ast"

// emitted is what a rule of a rule set puts under "id".
type emitted struct {
	// IDs are the constants; a rule has more than one only in strange cases.
	IDs []string `json:"ids"`
	// HasUnknownID says that an id is computed, so that nobody can compare it
	// with the annotations before the rule has run.
	HasUnknownID bool `json:"hasUnknownId"`
}

// emittedIDs reads the key of a partial set rule as it is written. It knows an
// object, a variable that the body sets to one, object.union, and the rule's
// own annotations through rego.metadata.rule().
func emittedIDs(rule *ast.Rule) emitted {
	result := emitted{IDs: []string{}}
	if rule.Head.Key == nil {
		return result
	}
	id, known := idOf(rule.Head.Key, rule, 0)
	if !known {
		result.HasUnknownID = true
	} else if id != "" {
		result.IDs = append(result.IDs, id)
	}
	return result
}

// maxDepth ends the search in rules that define a variable by itself; those
// do not compile, but the search must not rely on that.
const maxDepth = 8

// idOf answers the constant id of an element, "" when it certainly has none,
// and false when it cannot be told.
func idOf(term *ast.Term, rule *ast.Rule, depth int) (string, bool) {
	if depth > maxDepth {
		return "", false
	}
	switch value := term.Value.(type) {
	case ast.Object:
		return idOfObject(value)
	case ast.Var:
		if bound := assigned(value, rule.Body); bound != nil {
			return idOf(bound, rule, depth+1)
		}
	case ast.Ref:
		return idOfMetadata(value, rule)
	case ast.Call:
		if ast.ObjectUnion.Ref().Equal(value[0].Value) && len(value) == 3 {
			return idOfUnion(value, rule, depth)
		}
	}
	return "", false
}

func idOfObject(object ast.Object) (string, bool) {
	id := object.Get(ast.StringTerm("id"))
	if id != nil {
		text, ok := id.Value.(ast.String)
		return string(text), ok
	}
	// A member name that is computed could be "id".
	return "", !object.Until(func(key, _ *ast.Term) bool { return !ast.IsScalar(key.Value) })
}

// idOfUnion: the right operand wins where both have the member.
func idOfUnion(call ast.Call, rule *ast.Rule, depth int) (string, bool) {
	right, known := idOf(call[2], rule, depth+1)
	if !known || right != "" {
		return right, known
	}
	return idOf(call[1], rule, depth+1)
}

// idOfMetadata knows rego.metadata.rule().custom, the annotations' own object.
func idOfMetadata(ref ast.Ref, rule *ast.Rule) (string, bool) {
	call, ok := ref[0].Value.(ast.Call)
	if !ok || len(ref) != 2 || !ast.RegoMetadataRule.Ref().Equal(call[0].Value) || ref[1].Value.Compare(ast.String("custom")) != 0 {
		return "", false
	}
	for _, annotation := range rule.Annotations {
		if id, ok := annotation.Custom["id"].(string); ok {
			return id, true
		}
	}
	return "", false
}

// assigned answers what `name := …` or `name = …` in a body sets it to.
func assigned(name ast.Var, body ast.Body) *ast.Term {
	for _, expr := range body {
		if (expr.IsAssignment() || expr.IsEquality()) && len(expr.With) == 0 && expr.Operand(0).Value.Compare(name) == 0 {
			return expr.Operand(1)
		}
	}
	return nil
}
