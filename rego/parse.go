package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// libraryPrefix keeps the library's files apart from a bundle's of the same name.
const libraryPrefix = "library:"

// parsed is a bundle after parsing: its policy, its tests and the library, each
// by file name.
type parsed struct {
	*source
	policy  map[string]*ast.Module
	tests   map[string]*ast.Module
	library map[string]*ast.Module
}

// parse reads all files and reports every syntax error of all of them.
func parse(bundle *source, found *problems) *parsed {
	result := &parsed{source: bundle, policy: map[string]*ast.Module{}, tests: map[string]*ast.Module{}}
	for _, file := range slices.Sorted(maps.Keys(bundle.Files)) {
		module := parseFile(file, bundle.Files[file], found)
		switch {
		case module == nil:
		case isTestPackage(module.Package.Path, bundle.Root):
			result.tests[file] = module
		default:
			result.policy[file] = module
		}
	}
	return result
}

// parseLibrary reads the library once for all bundles of a request.
func parseLibrary(files map[string]string, found *problems) map[string]*ast.Module {
	library := map[string]*ast.Module{}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if module := parseFile(libraryPrefix+file, files[file], found); module != nil {
			library[libraryPrefix+file] = module
		}
	}
	return library
}

// use keeps of the library the modules that the bundle refers to, and those that
// these refer to: compiling the others would be most of the work.
func (p *parsed) use(library map[string]*ast.Module) {
	p.library = map[string]*ast.Module{}
	pending := slices.AppendSeq(slices.Collect(maps.Values(p.policy)), maps.Values(p.tests))
	for len(pending) > 0 {
		module := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		walkReferences(module, func(ref ast.Ref, _ *ast.Location) {
			for file, candidate := range library {
				if p.library[file] == nil && mayName(ref.ConstantPrefix(), candidate.Package.Path) {
					p.library[file] = candidate
					pending = append(pending, candidate)
				}
			}
		})
	}
}

// mayName says whether a reference can lead into a package: one lies on the
// way of the other.
func mayName(ref, path ast.Ref) bool { return ref.HasPrefix(path) || path.HasPrefix(ref) }

func parseFile(file, text string, found *problems) *ast.Module {
	options := ast.ParserOptions{Capabilities: regoV1(), ProcessAnnotation: true, RegoVersion: ast.RegoV1}
	module, err := ast.ParseModuleWithOpts(file, text, options)
	if err != nil {
		found.addError(err)
		return nil
	}
	return module
}

// isTestPackage says whether a package is <root>_test or lies below it.
func isTestPackage(path ast.Ref, root string) bool {
	return len(path) > 1 && path[1].Value.Compare(ast.String(root+"_test")) == 0
}

// withTests answers every module by its file name, as the author sees the bundle.
func (p *parsed) withTests() map[string]*ast.Module {
	modules := maps.Clone(p.policy)
	maps.Copy(modules, p.tests)
	maps.Copy(modules, p.library)
	return modules
}

// deployed answers what decides: the policy and the entrypoint, but no tests.
// The entrypoint's name is no file of the bundle's, for those end in .rego.
func (p *parsed) deployed() map[string]*ast.Module {
	modules := maps.Clone(p.policy)
	modules[entrypointRule] = entrypointOf(p)
	return modules
}

// dotted writes a package or rule path as people do: github.sub.deny.
func dotted(path ast.Ref) string {
	return strings.TrimPrefix(path.String(), "data.")
}
