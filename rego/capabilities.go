package main

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// builtinsJSON is the one list of built-ins, which the gateway's runtime reads too.
//
//go:embed builtins.json
var builtinsJSON []byte

// builtinList says where a built-in function runs.
type builtinList struct {
	// Native ones are part of the WebAssembly module that OPA makes.
	Native []string `json:"native"`
	// Host ones are supplied by the gateway's runtime.
	Host []string `json:"host"`
	// Compiled ones are replaced while compiling and never called.
	Compiled []string `json:"compiled"`
	// Refused ones can never be admitted; the value says why.
	Refused map[string]string `json:"refused"`
}

var builtins = sync.OnceValue(func() builtinList {
	var list builtinList
	if err := json.Unmarshal(builtinsJSON, &list); err != nil {
		panic("builtins.json: " + err.Error())
	}
	return list
})

// admitted answers the names that a bundle's rules may call.
func admitted(req *request) map[string]bool {
	host := builtins().Host
	if req.Builtins != nil {
		host = req.Builtins
	}
	names := map[string]bool{}
	for _, name := range slices.Concat(builtins().Native, builtins().Compiled, host) {
		if _, refused := builtins().Refused[name]; !refused {
			names[name] = true
		}
	}
	return names
}

// regoV1 answers OPA's capabilities without what came after Rego v1, so that a
// bundle means the same in every OPA since 1.0. All built-ins stay known to the
// compiler: that one is not admitted is said by name and place (builtins.go),
// where OPA would only say "undefined function". No schema is ever fetched.
var regoV1 = sync.OnceValue(func() *ast.Capabilities {
	capabilities := ast.CapabilitiesForThisVersion()
	capabilities.FutureKeywords = []string{"contains", "every", "if", "in"}
	capabilities.Features = slices.DeleteFunc(slices.Clone(capabilities.Features), func(feature string) bool {
		return feature == ast.FeatureRegoV2 || feature == ast.FeatureRegoV2Import
	})
	capabilities.AllowNet = []string{}
	return capabilities
})
