package floors

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"slices"
	"strings"
)

// onePackageComment holds that each package is explained once, and in one
// place. A package of tests alone is a package too.
func onePackageComment(files []file) []string {
	var found []string
	places := map[string][]string{} // by folder: the files with a package comment
	for _, f := range files {
		if !f.outside() {
			places[f.dir()] = append(places[f.dir()], commented(f)...)
		}
		found = append(found, badComment(f)...)
	}
	for _, dir := range slices.Sorted(maps.Keys(places)) {
		switch in := places[dir]; len(in) {
		case 0:
			found = append(found, fmt.Sprintf("%s: no package comment: one sentence must say what the package is", dir))
		case 1:
		default:
			found = append(found, fmt.Sprintf("%s: package comments in %s: keep one", dir, strings.Join(in, " and ")))
		}
	}
	return found
}

// commented returns the name of f if it holds a package comment.
func commented(f file) []string {
	if f.ast.Doc.Text() == "" {
		return nil
	}
	return []string{path.Base(f.path)}
}

func badComment(f file) []string {
	text := f.ast.Doc.Text()
	want := "Package " + f.pkg() + " "
	switch {
	case text == "":
		return nil
	case f.outside():
		return []string{f.say(f.ast.Doc, "package %s has a package comment: it belongs to the package under test", f.pkg())}
	case !f.ofMain() && !strings.HasPrefix(text, want):
		return []string{f.say(f.ast.Doc, "the package comment does not begin with %q", want)}
	}
	return nil
}

func goodName(f file) []string {
	name := strings.TrimSuffix(f.pkg(), "_test")
	switch {
	case slices.Contains(badNames, name):
		return []string{f.say(f.ast.Name, "package %s: the name says nothing, or belongs to the standard library; name what it is", name)}
	case name != "main" && name != path.Base(f.dir()):
		return []string{f.say(f.ast.Name, "package %s in folder %s: they carry one name", name, f.dir())}
	}
	return nil
}

func smallFile(f file) []string {
	limit := maxFileLines
	if f.isMain() {
		limit = maxMainLines
	}
	if n := f.lines(); n >= limit {
		return []string{f.say(f.ast.Name, "%d lines: want less than %d; a second purpose wants a second file", n, limit)}
	}
	return nil
}

// smallFunctions leaves tests alone: a table reads best in one piece.
func smallFunctions(f file) []string {
	if f.isTest() {
		return nil
	}
	var found []string
	for _, d := range f.ast.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := f.line(fn.End()) - f.line(fn.Pos()) + 1; n >= maxFuncLines {
			found = append(found, f.say(fn, "func %s: %d lines: want less than %d", fn.Name.Name, n, maxFuncLines))
		}
		if n := parameters(fn.Type); n > maxParameters {
			found = append(found, f.say(fn, "func %s: %d parameters: want at most %d beside the context; the rest is a struct", fn.Name.Name, n, maxParameters))
		}
	}
	return found
}

func parameters(fn *ast.FuncType) int {
	n := 0
	for _, field := range fn.Params.List {
		if !selects(field.Type, "context", "Context") {
			n += max(1, len(field.Names))
		}
	}
	return n
}

func noInit(f file) []string {
	var found []string
	for _, d := range f.ast.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			found = append(found, f.say(fn, "func init: what must happen is called by name, from main down"))
		}
	}
	return found
}

func noContextField(f file) []string {
	var found []string
	for n := range ast.Preorder(f.ast) {
		s, ok := n.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range s.Fields.List {
			if selects(field.Type, "context", "Context") {
				found = append(found, f.say(field, "a context as a field: pass it first, to each call"))
			}
		}
	}
	return found
}

// selects reports whether an expression is pkg.name, written just so.
func selects(e ast.Expr, pkg, name string) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == pkg
}
