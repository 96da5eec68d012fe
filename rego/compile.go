package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// checked is a bundle that passed: parsed and compiled alone, with its tests
// and the library, under the names that its author gave.
type checked struct {
	*parsed
	compiler *ast.Compiler
}

// checkBundle holds a bundle to OPA's strict mode and to the contract. It
// answers nil when anything is wrong; the reasons are in found.
//
// The order matters: roots and references are checked on the text as written,
// before the compiler resolves names, and only a bundle that compiles can be
// asked what its rules depend on.
func checkBundle(req *request, bundle *source, found *problems) *checked {
	modules := parse(bundle, found)
	modules.use(parseLibrary(req.Library, found))
	if !found.empty() {
		return nil
	}
	return checkModules(req, modules, found)
}

// checkModules holds what has been parsed to the contract.
func checkModules(req *request, modules *parsed, found *problems) *checked {
	checkRoots(modules, found)
	checkDataReferences(modules, found)
	checkNames(modules, found)
	checkRuleSets(modules, found)
	if !found.empty() {
		return nil
	}
	compiler, err := newCompiler(req.InputSchema)
	if err != nil {
		found.add(codeSchema, nil, "%s", err)
		return nil
	}
	// With the entrypoint, because a rule must not depend on the decision either.
	all := modules.withTests()
	maps.Copy(all, modules.deployed())
	if compiler.Compile(all); compiler.Failed() {
		found.addError(authorsErrors(compiler.Errors))
		return nil
	}
	result := &checked{parsed: modules, compiler: compiler}
	checkBuiltins(result, admitted(req), found)
	checkDataConflicts(result, found)
	checkHides(result, found)
	if !found.empty() {
		return nil
	}
	return result
}

// authorsErrors leaves out what OPA says of the entrypoint, when it says the
// same of a rule that somebody has written.
func authorsErrors(all ast.Errors) ast.Errors {
	written := slices.DeleteFunc(slices.Clone(all), func(e *ast.Error) bool {
		return e.Location != nil && e.Location.File == entrypointRule
	})
	if len(written) == 0 {
		return all
	}
	return written
}

// allErrors lifts OPA's limit of ten: problems are reported together.
const allErrors = 0

// newCompiler answers OPA's compiler in strict mode. With a JSON Schema of the
// input it also refuses references to fields that can never exist.
func newCompiler(inputSchema json.RawMessage) (*ast.Compiler, error) {
	compiler := ast.NewCompiler().WithCapabilities(regoV1()).WithStrict(true).SetErrorLimit(allErrors)
	if len(inputSchema) == 0 || string(inputSchema) == "null" {
		return compiler, nil
	}
	var schema any
	if err := json.Unmarshal(inputSchema, &schema); err != nil {
		return nil, fmt.Errorf("the schema of the input is not valid JSON: %w", err)
	}
	schemas := ast.NewSchemaSet()
	schemas.Put(ast.SchemaRootRef, schema)
	return compiler.WithSchemas(schemas).WithUseTypeCheckAnnotations(true), nil
}
