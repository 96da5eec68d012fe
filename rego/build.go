package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/compile"
)

// buildAnswer describes one WebAssembly module for one or several bundles.
type buildAnswer struct {
	Errors     []problem `json:"errors"`
	WasmBase64 string    `json:"wasmBase64,omitempty"`
	// Bundles says, by bundle id, how to evaluate it and what that can depend on.
	Bundles map[string]builtBundle `json:"bundles"`
}

type builtBundle struct {
	// Entrypoint is the index of the bundle's entrypoint in the module.
	Entrypoint int `json:"entrypoint"`
	// EntrypointPath is its name, as the module lists it.
	EntrypointPath string `json:"entrypointPath"`
	// DataPrefix is where the bundle's data document is mounted.
	DataPrefix []string `json:"dataPrefix"`
	// RuleSets are the rule sets that the bundle has.
	RuleSets []string `json:"ruleSets"`
	reads
}

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// build checks every bundle alone and links them into one module with one
// entrypoint each, in the order of the request.
func build(req *request) (any, error) {
	answer := buildAnswer{Errors: []problem{}, Bundles: map[string]builtBundle{}}
	bundles, err := checkAll(req, &answer.Errors)
	if err != nil || len(answer.Errors) > 0 {
		return answer, err
	}
	wasm, err := compileWasm(bundles)
	if err != nil {
		// Every bundle compiled alone, so this is not theirs to mend.
		return nil, fmt.Errorf("linking failed: %w", err)
	}
	answer.WasmBase64 = base64.StdEncoding.EncodeToString(wasm)
	for index, bundle := range bundles {
		answer.Bundles[bundle.ID] = describe(bundle, index)
	}
	return answer, nil
}

// checkAll checks each bundle of the request, without its tests, and appends
// what it finds.
func checkAll(req *request, errors *[]problem) ([]*checked, error) {
	if len(req.Bundles) == 0 {
		return nil, errNoBundle
	}
	found := newProblems("")
	library := parseLibrary(req.Library, found)
	*errors = found.sorted()
	seen := map[string]bool{}
	var bundles []*checked
	for _, bundle := range req.Bundles {
		if !idPattern.MatchString(bundle.ID) || seen[bundle.ID] {
			return nil, fmt.Errorf("the bundle id %q is not unique or does not match %s", bundle.ID, idPattern)
		}
		seen[bundle.ID] = true
		found := newProblems(bundle.ID)
		modules := parse(bundle, found)
		clear(modules.tests)
		modules.use(library)
		if found.empty() {
			bundles = append(bundles, checkModules(req, modules, found))
		}
		*errors = append(*errors, found.sorted()...)
	}
	return bundles, nil
}

func compileWasm(bundles []*checked) ([]byte, error) {
	linked, err := link(bundles)
	if err != nil {
		return nil, err
	}
	var entrypoints []string
	for _, bundle := range bundles {
		entrypoints = append(entrypoints, entrypointPath(bundle.source))
	}
	// No optimisation: it evaluates constant calls while compiling and drops
	// those that fail, so that a broken deny rule would vanish without an error.
	compiler := compile.New().WithTarget(compile.TargetWasm).WithRegoVersion(ast.RegoV1).WithBundle(linked).
		WithCapabilities(regoV1()).WithEntrypoints(entrypoints...)
	if err := compiler.Build(context.Background()); err != nil {
		return nil, err
	}
	return compiler.Bundle().WasmModules[0].Raw, nil
}

func describe(bundle *checked, index int) builtBundle {
	return builtBundle{Entrypoint: index, EntrypointPath: entrypointPath(bundle.source), DataPrefix: []string{linkPrefix, bundle.ID},
		RuleSets: writtenRuleSets(bundle.parsed), reads: readsOf(bundle.compiler, bundle.compiler.Modules[entrypointRule].Rules)}
}
