package main

import "github.com/open-policy-agent/opa/v1/ast"

// checkDataReferences refuses every way to another bundle's rules or data: a
// reference to data must name, as constants, the bundle's own root or the
// library. Because the first part is constant, linking can move a bundle as a
// whole by rewriting that part (link.go). Tests are not deployed and may look
// at everything there is.
func checkDataReferences(bundle *parsed, found *problems) {
	for _, module := range bundle.policy {
		checkImports(module, bundle.Root, found)
		for _, rule := range module.Rules {
			walkReferences(rule, func(ref ast.Ref, at *ast.Location) {
				checkDataReference(ref, at, bundle.Root, found)
			})
		}
	}
}

func checkImports(module *ast.Module, root string, found *problems) {
	for _, imported := range module.Imports {
		path, ok := imported.Path.Value.(ast.Ref)
		switch {
		case !ok:
		case ast.RegoRootDocument.Equal(path[0]) && !ast.RegoV1CompatibleRef.Equal(path):
			found.add(codeVersion, imported.Location, "import %s: bundles are written in Rego v1", path)
		default:
			checkDataReference(path, imported.Location, root, found)
		}
	}
}

func checkDataReference(ref ast.Ref, at *ast.Location, root string, found *problems) {
	if !ast.DefaultRootDocument.Equal(ref[0]) {
		return
	}
	if len(ref) == 1 {
		found.add(codeDataRef, at, "data as a whole cannot be read; name data.%s or data.gateway.v1", root)
		return
	}
	first, ok := ref[1].Value.(ast.String)
	switch {
	case !ok:
		found.add(codeDataRef, at, "%s: the first part after data must be a constant", ref)
	case string(first) == root:
	case isLibrary(ref):
	default:
		found.add(codeDataRef, at, "%s lies outside data.%s and data.gateway.v1", ref, root)
	}
}

// isLibrary says whether a reference lies in the one library that exists.
func isLibrary(ref ast.Ref) bool {
	return len(ref) > 2 && ref[1].Value.Compare(ast.String("gateway")) == 0 && ref[2].Value.Compare(ast.String("v1")) == 0
}

// walkReferences visits every reference under x, with the nearest place that
// the parser has kept, and also bare "data" and "input", which the parser
// leaves as variables until the compiler resolves them.
func walkReferences(x any, visit func(ast.Ref, *ast.Location)) {
	ast.NewGenericVisitor(func(node any) bool {
		term, ok := node.(*ast.Term)
		if !ok {
			return false
		}
		switch value := term.Value.(type) {
		case ast.Ref:
			visit(value, term.Location)
			for _, part := range value[1:] {
				walkReferences(part, visit)
			}
			return true
		case ast.Var:
			if ast.RootDocumentNames.Contains(term) {
				visit(ast.Ref{term}, term.Location)
			}
		}
		return false
	}).Walk(x)
}
