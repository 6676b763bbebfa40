package all_test

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// tree is the module's Go code as it is written: every file, whatever system
// or tag it is built for.
type tree struct {
	fsys     fs.FS
	module   string
	requires []string // module paths in go.mod
	files    []*file  // in order of paths
}

// file is one Go file.
type file struct {
	path   string // from the module's root
	dir    string // the directory of path, "." for the root
	test   bool   // a _test.go file
	lines  int
	fset   *token.FileSet
	syntax *ast.File
}

// at names a place in the file for a person.
func (f *file) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(pos).Line)
}

// imports yields the file's import paths.
func (f *file) imports() map[string]*ast.ImportSpec {
	specs := map[string]*ast.ImportSpec{}
	for _, spec := range f.syntax.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			name = spec.Path.Value
		}
		specs[name] = spec
	}
	return specs
}

// load reads a module out of fsys. Code that the go command does not see
// either (testdata, names that begin with "_" or ".") is left out.
func load(fsys fs.FS) (*tree, error) {
	t := &tree{fsys: fsys}
	if err := t.loadModule(); err != nil {
		return nil, err
	}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		hidden := name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata")
		switch {
		case entry.IsDir() && hidden:
			return fs.SkipDir
		case entry.IsDir() || hidden || path.Ext(name) != ".go":
			return nil
		}
		return t.loadFile(name)
	})
	return t, err
}

func (t *tree) loadModule() error {
	mod, err := fs.ReadFile(t.fsys, "go.mod")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(mod)) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		switch {
		case len(fields) == 2 && fields[0] == "module":
			t.module = fields[1]
		case len(fields) >= 2 && strings.HasPrefix(fields[1], "v"):
			t.requires = append(t.requires, fields[0])
		}
	}
	if t.module == "" {
		return fmt.Errorf("go.mod: no module line")
	}
	return nil
}

func (t *tree) loadFile(name string) error {
	source, err := fs.ReadFile(t.fsys, name)
	if err != nil {
		return err
	}
	f := &file{path: name, dir: path.Dir(name), fset: token.NewFileSet()}
	f.test = strings.HasSuffix(name, "_test.go")
	f.lines = bytes.Count(source, []byte("\n"))
	f.syntax, err = parser.ParseFile(f.fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	t.files = append(t.files, f)
	return nil
}

// ours is the directory of an import of this module.
func (t *tree) ours(name string) (dir string, ok bool) {
	if name == t.module {
		return ".", true
	}
	return strings.CutPrefix(name, t.module+"/")
}

// moduleOf is the required module that an import belongs to. Imports of the
// standard library and of this module belong to none.
func (t *tree) moduleOf(name string) (module string, foreign bool) {
	first, _, _ := strings.Cut(name, "/")
	if _, ours := t.ours(name); ours || !strings.Contains(first, ".") {
		return "", false
	}
	var found []string
	for _, module := range t.requires {
		if under(module, name) {
			found = append(found, module)
		}
	}
	if len(found) == 0 {
		return name, true
	}
	return slices.MaxFunc(found, func(a, b string) int { return cmp.Compare(len(a), len(b)) }), true
}

// ignored says whether .gitignore takes name out of the root directory. It
// knows patterns without a slash inside, no exceptions.
func (t *tree) ignored(name string) bool {
	list, err := fs.ReadFile(t.fsys, ".gitignore")
	if err != nil {
		return false
	}
	lines := bufio.NewScanner(bytes.NewReader(list))
	for lines.Scan() {
		pattern := strings.Trim(strings.TrimSpace(lines.Text()), "/")
		if ok, err := path.Match(pattern, name); ok && err == nil {
			return true
		}
	}
	return false
}

// under says whether name is dir or stands below it.
func under(dir, name string) bool {
	return name == dir || strings.HasPrefix(name, dir+"/")
}

// match compares a directory with a pattern, in which "*" stands for one
// element and a final "..." for any number. It returns the part of dir that
// stands before the "...".
func match(pattern, dir string) (root string, ok bool) {
	head, deep := strings.CutSuffix(pattern, "/...")
	if !deep {
		ok, err := path.Match(pattern, dir)
		return dir, ok && err == nil
	}
	elements := strings.Split(dir, "/")
	n := strings.Count(head, "/") + 1
	if len(elements) < n {
		return "", false
	}
	root = strings.Join(elements[:n], "/")
	ok, err := path.Match(head, root)
	return root, ok && err == nil
}
