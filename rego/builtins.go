package main

import "github.com/open-policy-agent/opa/v1/ast"

// checkBuiltins names every built-in function that the runtime does not have.
// It reads the compiled rules, where every call stands on its own and a rule of
// the bundle that shadows a built-in is no longer mistaken for it. Only
// rego.metadata.* is already gone there, so that is read from the text.
// Tests run in OPA's interpreter and may call all but the refused ones.
func checkBuiltins(bundle *checked, admitted map[string]bool, found *problems) {
	for file, module := range bundle.compiler.Modules {
		_, isPolicy := bundle.policy[file]
		_, isTest := bundle.tests[file]
		if !isPolicy && !isTest {
			continue
		}
		walkCalls(module, func(name string, at *ast.Location) {
			reason, refused := builtins().Refused[name]
			switch {
			case refused:
				found.add(codeBuiltin, at, "the built-in %s is refused: %s", name, reason)
			case isPolicy && !admitted[name]:
				found.add(codeBuiltin, at, "the built-in %s is not admitted: the gateway's runtime does not have it", name)
			}
		})
	}
	for _, module := range bundle.policy {
		walkReferences(module, func(ref ast.Ref, at *ast.Location) {
			if ast.RegoMetadataChain.Ref().Equal(ref) {
				found.add(codeBuiltin, at, "the built-in %s is refused: %s", ref, builtins().Refused[ref.String()])
			}
		})
	}
}

// walkCalls visits every built-in that is called, and every one that a "with"
// names as what is replaced or what replaces it.
func walkCalls(x any, visit func(name string, at *ast.Location)) {
	builtin := func(ref ast.Ref, at *ast.Location) {
		if name := ref.String(); ast.BuiltinMap[name] != nil {
			visit(name, at)
		}
	}
	ast.WalkExprs(x, func(expr *ast.Expr) bool {
		if expr.IsCall() {
			builtin(expr.Operator(), expr.Location)
		}
		for _, with := range expr.With {
			for _, term := range []*ast.Term{with.Target, with.Value} {
				if ref, ok := term.Value.(ast.Ref); ok {
					builtin(ref, term.Location)
				}
			}
		}
		return false
	})
}
