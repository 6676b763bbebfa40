package all_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// rules are all that the tree must keep to. Each returns what breaks it, one
// line a place.
var rules = map[string]func(*tree) []string{
	"imports":          importsOfOurs,
	"foreign imports":  importsOfOthers,
	"store in restore": storeInRestore,
	"dependencies":     dependencies,
	"top level":        topLevel,
	"package names":    packageNames,
	"package comments": packageComments,
	"side effects":     sideEffects,
	"lengths":          lengths,
	"notes":            notes,
	"interfaces":       interfaces,
	"doc comments":     comments,
}

// TestWalls holds the module to the rules.
func TestWalls(t *testing.T) {
	module, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if module.module != "chatkeep" || len(module.files) < 10 {
		t.Fatalf("module %q with %d files is not the tree", module.module, len(module.files))
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			found := rule(module)
			slices.Sort(found)
			for _, line := range found {
				t.Error(line)
			}
		})
	}
}

// clean is a small module that keeps to every rule.
var clean = map[string]string{
	"go.mod": "module chatkeep\n\ngo 1.26\n\nrequire github.com/urfave/cli/v2 v2.1.0\n" +
		"require (\n\tgithub.com/minio/minio-go/v7 v7.1.0 // indirect\n\tgithub.com/creack/pty v1.1.0\n)\n",
	".gitignore": "# built\n/chatkeep\n*.test\n",
	".ci/run":    "",
	"chatkeep":   "a program",
	"repo.test":  "another",
	"docs/dependencies.md": "| module | why |\n|---|---|\n| `github.com/urfave/cli/v2` | flags |\n" +
		"| `github.com/minio/minio-go/v7` | S3 |\n",
	"main.go":           "// Command chatkeep is one.\npackage main\n\nimport (\n\t\"chatkeep/backup\"\n\t\"chatkeep/providers/all\"\n\t\"github.com/urfave/cli/v2\"\n)\n",
	"backup/backup.go":  "// Package backup is a verb.\npackage backup\n\nimport (\n\t_ \"embed\"\n\t\"chatkeep/backup/repo\"\n)\n",
	"backup/command.go": "package backup\n\nimport \"github.com/urfave/cli/v2\"\n",
	"backup/backup_test.go": "package backup\n\nimport (\n\t\"chatkeep/providers/storage/local\"\n\t\"chatkeep/restore\"\n\t" +
		"_ \"image/png\"\n\t\"testing\"\n)\n" + longFile,
	"restore/restore.go":                  "// Package restore is a verb.\npackage restore\n\nimport \"chatkeep/providers/storage\"\n\nvar from storage.Reader\n",
	"restore/render/html/html.go":         "// Package html is a form.\npackage html\n\nimport \"chatkeep/restore/render\"\n",
	"providers/all/all.go":                "// Package all lists.\npackage all\n\nimport \"chatkeep/providers/chat/irc\"\n",
	"providers/chat/irc/irc.go":           "// Package irc reads.\npackage irc\n\nimport \"chatkeep/providers/chat/irc/line\"\n",
	"providers/chat/irc/line/line.go":     "// Package line is irc's own.\npackage line\n\nimport \"chatkeep/providers/chat\"\n",
	"providers/chat/chattest/chattest.go": "// Package chattest is a suite.\npackage chattest\n\nimport \"testing\"\n",
	"providers/storage/s3/s3.go":          "// Package s3 is a store.\npackage s3\n\nimport \"github.com/minio/minio-go/v7/pkg/credentials\"\n",
	"providers/storage/testdata/x.go":     "package broken {",
	"providers/storage/storage.go": "// Package storage is a contract.\npackage storage\n\n// Class is one.\ntype Class int\n\n" +
		"const (\n\tOther Class = iota\n\tFull\n)\n\n// Reader reads.\ntype Reader interface {\n\t// Get gets.\n\tGet()\n\tget()\n}\n\n" +
		"// Store writes.\ntype Store interface {\n\tReader\n\t// Put puts.\n\tPut()\n}\n",
}

var longFile = strings.Repeat("\n", maxFileLines)

// TestRulesCatch breaks each rule in the clean module and looks for the
// finding.
func TestRulesCatch(t *testing.T) {
	if found := findings(t, nil); len(found) != 0 {
		t.Fatalf("the clean module: %q", found)
	}
	caught := map[string]bool{}
	for _, c := range breaches {
		found := findings(t, map[string]string{c.path: c.source})
		if len(found[c.rule]) != 1 || !strings.Contains(found[c.rule][0], c.want) {
			t.Errorf("%s in %s: %q, want one with %q", c.rule, c.path, found[c.rule], c.want)
		}
		delete(found, c.rule)
		if len(found) > 0 {
			t.Errorf("%s in %s: also %q", c.rule, c.path, found)
		}
		caught[c.rule] = true
	}
	for name := range rules {
		if !caught[name] {
			t.Errorf("no breach for %s", name)
		}
	}
}

// findings runs every rule on the clean module with some files added or
// replaced.
func findings(t *testing.T, changes map[string]string) map[string][]string {
	t.Helper()
	files := fstest.MapFS{}
	for _, set := range []map[string]string{clean, changes} {
		for name, source := range set {
			files[name] = &fstest.MapFile{Data: []byte(source)}
		}
	}
	module, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for name, rule := range rules {
		if found := rule(module); len(found) > 0 {
			all[name] = found
		}
	}
	return all
}

// doc begins a file whose package has its comment there.
const doc = "// Package x is one.\npackage x\n\n"

var breaches = []struct{ rule, path, source, want string }{
	{"imports", "restore/command_ls.go", "package restore\nimport \"chatkeep/backup\"\n", "command_ls.go:2: restore must not import backup"},
	{"imports", "backup/run.go", "package backup\nimport \"chatkeep/restore\"\n", "must not import restore"},
	{"imports", "backup/run.go", "package backup\nimport \"chatkeep/providers/chat/irc\"\n", "must not import providers/chat/irc"},
	{"imports", "backup/run.go", "//go:build plan9\n\npackage backup\nimport \"chatkeep/providers/all\"\n", "must not import providers/all"},
	{"imports", "backup/session/open.go", doc + "import \"chatkeep/providers/all\"\n", "must not import providers/all"},
	{"imports", "backup/keys/keys.go", doc + "import \"chatkeep/backup/repo\"\n", "must not import backup/repo"},
	{"imports", "backup/repo/repo.go", doc + "import \"chatkeep/providers/storage/local\"\n", "must not import providers/storage/local"},
	{"imports", "backup/repo/repo.go", doc + "import \"chatkeep/providers/storage/storagetest\"\n", "storagetest"},
	{"imports", "backup/split/split.go", doc + "import \"chatkeep\"\n", "backup/split must not import ."},
	{"imports", "providers/chat/slack/slack.go", doc + "import \"chatkeep/providers/chat/irc\"\n", "must not import providers/chat/irc"},
	{"imports", "providers/chat/slack/slack.go", doc + "import \"chatkeep/providers/storage\"\n", "must not import providers/storage"},
	{"imports", "providers/storage/s3/s3.go", doc + "import \"chatkeep/providers/storage/local\"\n", "must not import providers/storage/local"},
	{"imports", "providers/internal/zip/zip.go", doc + "import \"chatkeep/providers/chat\"\n", "must not import providers/chat"},
	{"imports", "backup/attic/attic.go", doc, "no row in the table of walls for backup/attic"},
	{"imports", "docs/docs.go", doc, "no row in the table of walls for docs"},

	{"foreign imports", "backup/run.go", "package backup\nimport \"github.com/urfave/cli/v2\"\n", "flags end where"},
	{"foreign imports", "backup/format/pack.go", doc + "import \"os\"\n", "pure: bytes in"},
	{"foreign imports", "providers/storage/s3/deep/s3.go", doc + "import \"github.com/minio/minio-go/v7/pkg/credentials\"\n", "one store's own affair"},
	{"foreign imports", "backup/state/state.go", doc + "import \"net/http\"\n", "stays on it"},
	{"foreign imports", "providers/chat/irc/live.go", "package irc\nimport \"net\"\n", "where it lies"},
	{"foreign imports", "backup/run.go", "package backup\nimport \"testing\"\n", "made for tests"},

	{"store in restore", "restore/drop.go", "package restore\nimport \"chatkeep/providers/storage\"\nvar to storage.Store\n", "drop.go:3"},
	{"store in restore", "restore/drop.go", "package restore\nimport s \"chatkeep/providers/storage\"\nvar to s.Store\n", "drop.go:3"},

	{"dependencies", "backup/run_test.go", "package backup\nimport \"github.com/creack/pty\"\n", "no row for github.com/creack/pty"},
	{"dependencies", "backup/run.go", "package backup\nimport \"example.org/thing\"\n", "no row for example.org/thing"},
	{"dependencies", "docs/dependencies.md", "| `github.com/urfave/cli/v2` | |\n| `github.com/minio/minio-go/v7` | |\n| `example.org/gone` | |\n", "does not require example.org/gone"},

	{"top level", "internal/notes.txt", "", "internal"},
	{"top level", "Makefile", "", "Makefile"},

	{"package names", "backup/repo/help.go", "// Package helpers is one.\npackage helpers\n", "a package named helpers"},
	{"package names", "providers/internal/common/x.go", doc, "a package named common"},

	{"package comments", "backup/repo/repo.go", "package repo\n", "backup/repo: no package comment"},

	{"side effects", "backup/run.go", "package backup\nfunc init() {}\n", "run.go:2: an init function"},
	{"side effects", "backup/run_test.go", "package backup\nfunc init() {}\n", "an init function"},
	{"side effects", "backup/run.go", "package backup\nimport _ \"image/png\"\n", "a blank import of image/png"},

	{"lengths", "backup/run.go", "package backup\n" + longFile, "run.go: 451 lines"},
	{"lengths", "backup/run.go", "package backup\nfunc run() {\n" + longFile[:79] + "}\n", "run.go:2: a function of 81 lines"},
	{"lengths", "backup/run_test.go", "package backup\nvar run = func() {\n" + longFile[:79] + "}\n", "a function of 81 lines"},

	{"notes", "backup/run.go", "package backup\n// TO" + "DO: later\n", "run.go:2: TO" + "DO in a comment"},
	{"notes", "backup/run_test.go", "package backup\nvar x = 1 // (FIX" + "ME)\n", "in a comment"},

	{"interfaces", "backup/run.go", "package backup\ntype all interface{ a(); b(); c(); d(); e(); f(); g() }\n", "7 methods"},
	{"interfaces", "backup/run.go", "package backup\ntype most interface{ a(); b(); c(); d() }\n" +
		"type all interface { most; g(); h(); io.Writer }\n", "run.go:3: an interface of 7 methods"},

	{"doc comments", "backup/repo/repo.go", doc + "// A is.\ntype A int\nfunc (*A) B() {}\nconst C A = 1\nconst D = 2\n",
		"2 of 4 exported names have no doc comment: A.B, D"},
	{"doc comments", "backup/repo/repo.go", doc + "// A is.\ntype A interface {\n\t// B does.\n\tB()\n\tC()\n}\n", "1 of 3"},
}
