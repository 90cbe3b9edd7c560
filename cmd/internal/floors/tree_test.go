package floors

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// A file is one Go file of the module, parsed with its comments.
type file struct {
	path string // from the module's root, with slashes
	fset *token.FileSet
	ast  *ast.File
}

// load parses every Go file below dir, whatever its build tags say. Folders
// that the go command passes over, and what testdata holds, are not the house.
func load(dir string) ([]file, error) {
	var files []file
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && ignored(d.Name()):
			return fs.SkipDir
		case d.IsDir() || path.Ext(p) != ".go":
			return nil
		}
		src, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(p)))
		if err != nil {
			return err
		}
		f, err := parse(p, src)
		if err != nil {
			return err
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

func ignored(name string) bool {
	return name == "testdata" || name == "vendor" ||
		name != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_"))
}

func parse(p string, src []byte) (file, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, p, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return file{}, fmt.Errorf("parse: %w", err)
	}
	return file{path: p, fset: fset, ast: parsed}, nil
}

func (f file) dir() string   { return path.Dir(f.path) }
func (f file) isTest() bool  { return strings.HasSuffix(f.path, "_test.go") }
func (f file) pkg() string   { return f.ast.Name.Name }
func (f file) lines() int    { return f.line(f.ast.FileEnd - 1) }
func (f file) isMain() bool  { return path.Base(f.path) == "main.go" }
func (f file) ofMain() bool  { return f.pkg() == "main" }
func (f file) outside() bool { return strings.HasSuffix(f.pkg(), "_test") }

func (f file) line(pos token.Pos) int { return f.fset.Position(pos).Line }

// say makes the line that a failing test shows: where, and what is wrong.
func (f file) say(at ast.Node, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", f.path, f.line(at.Pos()), fmt.Sprintf(format, args...))
}

// imports calls yield for each import with its path. A path below the module
// is given as its folder, and own is true.
func (f file) imports(yield func(spec *ast.ImportSpec, to string, own bool)) {
	for _, spec := range f.ast.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has refused it already
		}
		if under(to, module) {
			yield(spec, strings.TrimPrefix(strings.TrimPrefix(to, module), "/"), true)
			continue
		}
		yield(spec, to, false)
	}
}
