// Command toolchain is the Rego toolchain of mcp-gateway: OPA's own parser,
// compiler, planner, tester, formatter and interpreter behind one JSON request
// on standard input and one JSON answer on standard output. It opens no file
// and no connection, so it can be built for WebAssembly and run by Node.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/open-policy-agent/opa/v1/util"
)

// operations maps the request's "op" to what carries it out. Every operation
// answers with an object; what is wrong with the policy stands in its "errors",
// while a non-zero exit means that the toolchain itself failed.
var operations = map[string]func(*request) (any, error){
	"activate": activate,
	"build":    build,
	"check":    check,
	"eval":     eval,
	"format":   formatFiles,
	"inspect":  inspect,
	"test":     test,
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var req request
	// OPA's decoder keeps numbers as text, so 9007199254740993 survives.
	if err := util.NewJSONDecoder(os.Stdin).Decode(&req); err != nil {
		return fmt.Errorf("the request is not valid JSON: %w", err)
	}
	operation, ok := operations[req.Op]
	if !ok {
		return fmt.Errorf("unknown operation %q", req.Op)
	}
	answer, err := operation(&req)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(answer)
}
