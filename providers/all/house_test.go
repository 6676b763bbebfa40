package all_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	maxFileLines     = 450
	maxFunctionLines = 80
	maxMethods       = 6
	minDocumented    = 90 // percent
)

// contracts are the packages that others build upon: what they export is
// explained where it stands.
var contracts = []string{"providers/chat", "providers/storage", "backup/format", "backup/keys", "backup/repo"}

// rootNames are what the top level may hold, beside dot files and what
// .gitignore takes out. Code has three folders, and no fourth.
var rootNames = []string{
	"main.go", "main_test.go", "backup", "restore", "providers", "docs",
	"go.mod", "go.sum", "LICENSE", "README.md", "CHANGELOG.md", "Dockerfile",
}

// emptyNames say nothing of what a package is for.
var emptyNames = []string{
	"util", "utils", "common", "helper", "helpers", "misc", "shared", "lib", "base", "types", "tools",
}

// unfinished is what a note to oneself looks like.
var unfinished = regexp.MustCompile(`\b(TODO|FIXME)\b`)

// topLevel finds names that do not belong into the root directory.
func topLevel(t *tree) (found []string) {
	entries, err := fs.ReadDir(t.fsys, ".")
	if err != nil {
		return []string{err.Error()}
	}
	for _, entry := range entries {
		name := entry.Name()
		if name[0] != '.' && !slices.Contains(rootNames, name) && !t.ignored(name) {
			found = append(found, fmt.Sprintf("%s: the top level has no place for it", name))
		}
	}
	return found
}

// packageNames finds packages whose name says nothing.
func packageNames(t *tree) (found []string) {
	for _, f := range t.files {
		names := append(strings.Split(f.dir, "/"), strings.TrimSuffix(f.syntax.Name.Name, "_test"))
		for _, name := range names {
			if slices.Contains(emptyNames, name) {
				found = append(found, fmt.Sprintf("%s: a package named %s", f.path, name))
				break
			}
		}
	}
	return found
}

// packageComments finds packages that do not say what they are.
func packageComments(t *tree) (found []string) {
	said, dirs := map[string]bool{}, []string{}
	for _, f := range t.files {
		if f.test {
			continue
		}
		if f.syntax.Doc.Text() != "" {
			said[f.dir] = true
		}
		if !slices.Contains(dirs, f.dir) {
			dirs = append(dirs, f.dir)
		}
	}
	for _, dir := range dirs {
		if !said[dir] {
			found = append(found, fmt.Sprintf("%s: no package comment", dir))
		}
	}
	return found
}

// sideEffects finds code that runs because it was imported.
func sideEffects(t *tree) (found []string) {
	for _, f := range t.files {
		for _, decl := range f.syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				found = append(found, fmt.Sprintf("%s: an init function", f.at(fn.Pos())))
			}
		}
		for name, spec := range f.imports() {
			if spec.Name != nil && spec.Name.Name == "_" && name != "embed" && !f.test {
				found = append(found, fmt.Sprintf("%s: a blank import of %s", f.at(spec.Pos()), name))
			}
		}
	}
	return found
}

// lengths finds files and functions that nobody reads to the end.
func lengths(t *tree) (found []string) {
	for _, f := range t.files {
		if f.lines > maxFileLines && !f.test {
			found = append(found, fmt.Sprintf("%s: %d lines, more than %d", f.path, f.lines, maxFileLines))
		}
		ast.Inspect(f.syntax, func(node ast.Node) bool {
			switch node.(type) {
			case *ast.FuncDecl, *ast.FuncLit:
			default:
				return true
			}
			n := f.fset.Position(node.End()).Line - f.fset.Position(node.Pos()).Line + 1
			if n > maxFunctionLines {
				found = append(found, fmt.Sprintf("%s: a function of %d lines, more than %d", f.at(node.Pos()), n, maxFunctionLines))
			}
			return false
		})
	}
	return found
}

// notes finds what was left for later.
func notes(t *tree) (found []string) {
	for _, f := range t.files {
		for _, group := range f.syntax.Comments {
			for _, comment := range group.List {
				if note := unfinished.FindString(comment.Text); note != "" {
					found = append(found, fmt.Sprintf("%s: %s in a comment", f.at(comment.Pos()), note))
				}
			}
		}
	}
	return found
}

// interfaces finds those that ask for too much.
func interfaces(t *tree) (found []string) {
	known := map[string]*ast.InterfaceType{} // by directory and name
	for _, f := range t.files {
		for _, spec := range typeSpecs(f.syntax) {
			if face, ok := spec.Type.(*ast.InterfaceType); ok {
				known[f.dir+"."+spec.Name.Name] = face
			}
		}
	}
	for _, f := range t.files {
		if f.test {
			continue
		}
		ast.Inspect(f.syntax, func(node ast.Node) bool {
			if face, ok := node.(*ast.InterfaceType); ok {
				if n := methods(face, f.dir, known, 0); n > maxMethods {
					found = append(found, fmt.Sprintf("%s: an interface of %d methods, more than %d", f.at(face.Pos()), n, maxMethods))
				}
			}
			return true
		})
	}
	return found
}

// methods counts an interface's methods, with those of embedded interfaces of
// the same package. One of another package counts as one method. depth ends
// the search in code that embeds itself.
func methods(face *ast.InterfaceType, dir string, known map[string]*ast.InterfaceType, depth int) (n int) {
	for _, field := range face.Methods.List {
		switch embedded := field.Type.(type) {
		case *ast.FuncType:
			n += len(field.Names)
		case *ast.SelectorExpr:
			n++
		case *ast.Ident:
			if inner := known[dir+"."+embedded.Name]; inner != nil && depth < 10 {
				n += methods(inner, dir, known, depth+1)
			}
		}
	}
	return n
}

// comments finds contract packages with too many exported names that have no
// doc comment.
func comments(t *tree) (found []string) {
	for _, dir := range contracts {
		var named int
		var bare []string
		for _, f := range t.files {
			if f.dir != dir || f.test {
				continue
			}
			for name, documented := range exported(t, f) {
				named++
				if !documented {
					bare = append(bare, name)
				}
			}
		}
		if len(bare)*100 > named*(100-minDocumented) {
			slices.Sort(bare)
			found = append(found, fmt.Sprintf("%s: %d of %d exported names have no doc comment: %s",
				dir, len(bare), named, strings.Join(bare, ", ")))
		}
	}
	return found
}

// exported tells for each exported name of a file, and each method of its
// exported types and interfaces, whether it has a doc comment. The constants
// of an enumeration are explained by their type.
func exported(t *tree, f *file) map[string]bool {
	names := map[string]bool{}
	for _, decl := range f.syntax.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			receiver := receiverName(decl)
			if decl.Name.IsExported() && (receiver == "" || ast.IsExported(receiver)) {
				names[strings.TrimPrefix(receiver+"."+decl.Name.Name, ".")] = decl.Doc.Text() != ""
			}
		case *ast.GenDecl:
			exportedSpecs(t, f.dir, decl, names)
		}
	}
	return names
}

func exportedSpecs(t *tree, dir string, decl *ast.GenDecl, names map[string]bool) {
	var enumeration string
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() {
				names[spec.Name.Name] = said(decl.Doc, spec.Doc, spec.Comment)
				exportedMethods(spec, names)
			}
		case *ast.ValueSpec:
			if ident, ok := spec.Type.(*ast.Ident); ok {
				enumeration = ident.Name
			} else if len(spec.Values) > 0 {
				enumeration = ""
			}
			byType := decl.Tok == token.CONST && documentedType(t, dir, enumeration)
			for _, name := range spec.Names {
				if name.IsExported() {
					names[name.Name] = byType || said(decl.Doc, spec.Doc, spec.Comment)
				}
			}
		}
	}
}

func exportedMethods(spec *ast.TypeSpec, names map[string]bool) {
	face, ok := spec.Type.(*ast.InterfaceType)
	if !ok {
		return
	}
	for _, field := range face.Methods.List {
		for _, name := range field.Names {
			if name.IsExported() {
				// An interface of one method is explained as a whole.
				alone := len(face.Methods.List) == 1 && names[spec.Name.Name]
				names[spec.Name.Name+"."+name.Name] = alone || said(field.Doc, field.Comment)
			}
		}
	}
}

// documentedType says whether a package explains its type of that name.
func documentedType(t *tree, dir, name string) bool {
	for _, f := range t.files {
		if f.dir != dir || f.test || !ast.IsExported(name) {
			continue
		}
		for _, decl := range f.syntax.Decls {
			decl, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range decl.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok && spec.Name.Name == name {
					return said(decl.Doc, spec.Doc, spec.Comment)
				}
			}
		}
	}
	return false
}

func said(groups ...*ast.CommentGroup) bool {
	return slices.ContainsFunc(groups, func(g *ast.CommentGroup) bool { return g.Text() != "" })
}

func receiverName(fn *ast.FuncDecl) (name string) {
	if fn.Recv == nil {
		return ""
	}
	ast.Inspect(fn.Recv.List[0].Type, func(node ast.Node) bool {
		if ident, ok := node.(*ast.Ident); ok && name == "" {
			name = ident.Name
		}
		return name == ""
	})
	return name
}

func typeSpecs(syntax *ast.File) (specs []*ast.TypeSpec) {
	ast.Inspect(syntax, func(node ast.Node) bool {
		if spec, ok := node.(*ast.TypeSpec); ok {
			specs = append(specs, spec)
		}
		return true
	})
	return specs
}

// selections finds where a file says name of an imported package whose path
// ends in pkg.
func selections(syntax *ast.File, pkg, name string) (at []token.Pos) {
	local := pkg
	for _, spec := range syntax.Imports {
		if path.Base(strings.Trim(spec.Path.Value, "`\"")) == pkg && spec.Name != nil {
			local = spec.Name.Name
		}
	}
	ast.Inspect(syntax, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok && selector.Sel.Name == name {
			if ident, ok := selector.X.(*ast.Ident); ok && ident.Name == local {
				at = append(at, selector.Pos())
			}
		}
		return true
	})
	return at
}
