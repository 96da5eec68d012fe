package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	opabundle "github.com/open-policy-agent/opa/v1/bundle"
)

// linkPrefix is where linked bundles live: data.bundle.<id>.<root>.
const linkPrefix = "bundle"

// link moves every bundle, entrypoint included, below a prefix of its own.
// Two bundles may have the same root, so the root alone would not do. A bundle
// is moved even when it is alone, so that one form of module exists.
func link(bundles []*checked) (*opabundle.Bundle, error) {
	files := map[string]*ast.Module{}
	for _, bundle := range bundles {
		maps.Copy(files, bundle.library)
		for file, module := range bundle.deployed() {
			moved, err := move(module, bundle.source)
			if err != nil {
				return nil, err
			}
			files[bundle.ID+"/"+file] = moved
		}
	}
	linked := &opabundle.Bundle{Data: map[string]any{}}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		linked.Modules = append(linked.Modules, opabundle.ModuleFile{URL: file, Path: file, Parsed: files[file]})
	}
	linked.Manifest.Init()
	return linked, nil
}

// move rewrites every reference to the bundle's root: package, imports, rules,
// and what "with" replaces. check has made sure that each has a constant first
// part, so nothing can escape.
func move(module *ast.Module, bundle *source) (*ast.Module, error) {
	by := mover{bundle}
	moved, err := ast.Transform(by, module.Copy())
	if err != nil {
		return nil, err
	}
	result := moved.(*ast.Module)
	// A reference that was left behind would be undefined, and a denial with it.
	walkReferences(result, func(ref ast.Ref, at *ast.Location) {
		if by.isOwn(ref) && !ref.HasPrefix(by.prefix()) {
			err = fmt.Errorf("%s: %s was left behind", at, ref)
		}
	})
	return result, err
}

// mover is an ast.Transformer.
type mover struct{ *source }

func (m mover) isOwn(ref ast.Ref) bool {
	return len(ref) > 1 && ast.DefaultRootDocument.Equal(ref[0]) && ref[1].Value.Compare(ast.String(m.Root)) == 0
}

func (m mover) prefix() ast.Ref {
	return ast.Ref{ast.DefaultRootDocument, ast.StringTerm(linkPrefix), ast.StringTerm(m.ID)}
}

func (m mover) Transform(node any) (any, error) {
	switch node := node.(type) {
	case ast.Ref:
		if m.isOwn(node) {
			return m.prefix().Concat(node[1:]), nil
		}
	case *ast.SomeDecl:
		// ast.Transform does not look into "some … in …" by itself.
		for index, symbol := range node.Symbols {
			value, err := ast.Transform(m, symbol.Value)
			if err != nil {
				return nil, err
			}
			node.Symbols[index] = &ast.Term{Value: value.(ast.Value), Location: symbol.Location}
		}
	}
	return node, nil
}

// linkedData moves the data of the bundles to where their rules look for it.
func linkedData(bundles []*checked) map[string]any {
	byID := map[string]any{}
	for _, bundle := range bundles {
		byID[bundle.ID] = bundle.Data
	}
	return map[string]any{linkPrefix: byID}
}
