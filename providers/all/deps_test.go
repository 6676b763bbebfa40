package all_test

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// wall says which packages of this module a package may import. Tests stand
// outside of the walls: a suite must be free to bring two rooms together.
type wall struct {
	dir string   // the package, or several: "*" is one element, a final "..." any number
	may []string // patterns of the same kind; "./..." is the part of dir before the "..."
	why string   // the package's one job
}

// walls is searched from the top; the first row that fits decides. A package
// without a row is a failure: whoever adds a room says what it opens onto.
var walls = []wall{
	{".", []string{"backup", "backup/heap", "backup/harden", "backup/session", "restore", "providers/all"},
		"wiring only: providers in, commands out, error to voice and exit code"},

	{"backup", []string{
		"backup/session", "backup/keys", "backup/state", "backup/format", "backup/record", "backup/split", "backup/repo",
		"backup/zips", "backup/overlay", "backup/forget", "backup/retention", "backup/config", "backup/job", "backup/kit", "backup/metrics", "backup/notify", "backup/power",
		"backup/rhythm", "backup/runlog", "backup/schedule", "backup/shell",
		"providers/chat", "providers/chat/archive", "providers/places", "providers/storage", "providers/storage/conform",
	}, "the verb that pours chats into a repository; knows no app and no store by name, and not the other verb"},
	{"backup/config", []string{"backup/format", "backup/retention", "backup/rhythm", "backup/state", "providers/storage"},
		"what a person says of unattended runs, read from a file and written to it; opens nothing"},
	{"backup/format", nil,
		"bytes of objects and back; what reads foreign bytes knows nobody"},
	{"backup/forget", []string{
		"backup/format", "backup/keys", "backup/record", "backup/repo", "backup/retention", "backup/split", "providers/chat", "providers/storage",
	}, "snapshots go, messages stay: what those that go have alone is carried into another"},
	{"backup/heap", nil,
		"how much garbage may gather in this process"},
	{"backup/job", []string{"backup/config", "backup/rhythm", "backup/state"},
		"which jobs are due, what they do in which order, and what is remembered of it; the steps are handed in"},
	{"backup/keys", []string{"backup/format"},
		"who can open the repository and who may write; secrets travel through as few rooms as can be"},
	{"backup/kit", []string{"backup/format", "backup/keys"},
		"the page for the safe; facts in, a page out, so that what is on it can be proved"},
	{"backup/metrics", []string{"backup/config", "backup/job", "backup/session"},
		"what the machine remembers of its jobs, for a collector; reads nothing but that"},
	{"backup/notify", []string{"backup/config", "backup/shell"},
		"tells people and services what became of a run; knows no repository, so that nothing of one can get out"},
	{"backup/overlay", nil,
		"several file systems shown as one; knows nothing of exports"},
	{"backup/power", nil,
		"what the machine tells of battery and network, and its priorities"},
	{"backup/harden", nil,
		"what this process knows stays in it"},
	{"backup/record", []string{"providers/chat"},
		"a message as written bytes and back; the only room that knows both"},
	{"backup/repo", []string{"backup/format", "backup/keys", "backup/split", "backup/state", "providers/storage"},
		"orders reads and writes so that a crash loses nothing committed; knows no chat"},
	{"backup/retention", nil,
		"which snapshots a policy keeps; pure, so that time and thieves can be played through"},
	{"backup/rhythm", nil,
		"when something is due again; pure, so that years and time zones can be played through"},
	{"backup/runlog", []string{"backup/config", "backup/session"},
		"what a run does is written down; takes records of everybody and knows nobody who writes them"},
	{"backup/schedule", []string{"backup/config", "providers/storage"},
		"the one timer and how a system is given it; what a run does is none of its business"},
	{"backup/session", []string{"backup/config", "backup/format", "backup/keys", "backup/repo", "backup/state", "providers/storage"},
		"opens what the flags name; main hands the list of providers in"},
	{"backup/shell", []string{"backup/harden", "backup/session"},
		"commands of a person's own, kept from secrets; knows not what they are for"},
	{"backup/split", nil,
		"where content is cut; the same bytes are cut the same for ever, so nothing else may have a say"},
	{"backup/state", []string{"backup/format"},
		"what this machine remembers; no keys, no network"},

	{"backup/zips", nil,
		"a zip taken apart and put together again, byte for byte"},

	{"restore", []string{
		"backup/session", "backup/keys", "backup/state", "backup/format", "backup/record", "backup/split", "backup/repo",
		"backup/zips", "restore/...", "providers/chat", "providers/storage",
	}, "the verb that gives back; what it shares with backup are the rooms below backup, never the verb"},
	{"restore/merge", []string{"backup/format", "backup/record", "backup/repo", "providers/chat"},
		"the conversations of many snapshots as one archive; asks no one and prints nothing"},
	{"restore/render/...", []string{"backup/record", "providers/chat", "./..."},
		"conversations in a form people read; a form knows messages, not repositories"},

	{"providers/all", []string{"providers/chat", "providers/chat/*", "providers/storage", "providers/storage/*"},
		"lists what this build contains; imported by main alone"},
	{"providers/chat", nil,
		"the contract: what a conversation, a message, an attachment are"},
	{"providers/chat/archive", nil,
		"a zip as a file system, for every provider alike"},
	{"providers/chat/chattest", []string{"providers/chat", "providers/chat/archive", "providers/internal/sqlite/sqlitetest"},
		"the suite that every chat passes"},
	{"providers/chat/*/...", []string{"providers/chat", "providers/chat/archive", "providers/internal/...", "./..."},
		"the export of one app into conversations; no chat knows another"},
	{"providers/internal/meta", []string{"providers/chat", "providers/internal/..."},
		"what Messenger and Instagram have in common, as far as into conversations; no chat by name"},
	{"providers/internal/...", []string{"providers/internal/..."},
		"what several providers share and nobody else"},
	{"providers/places", nil,
		"where chats lie on the three systems, as a table; opens nothing, and knows no parser"},
	{"providers/storage", nil,
		"the contract: what a store must promise"},
	{"providers/storage/conform", []string{"providers/storage"},
		"the contract as checks, for tests and for people; knows no place by name"},
	{"providers/storage/ranged", nil,
		"a part of an object from a server, for every store that asks one"},
	{"providers/storage/storagetest/...", []string{"providers/storage", "providers/storage/conform", "./..."},
		"the suite that every store passes, and the stores that misbehave for others' tests"},
	{"providers/storage/*/...", []string{"providers/storage", "providers/storage/ranged", "./..."},
		"keeps those promises on one kind of place; no store knows another"},
}

// fence says which files may import a foreign module. Modules without a row
// may be imported anywhere, but docs/dependencies.md must have them all.
type fence struct {
	module string
	files  []string // patterns of path.Match; none: tests alone
	why    string
}

var fences = []fence{
	{"github.com/urfave/cli/v2", []string{"main.go", "backup/command*.go", "restore/command*.go", "backup/session/*.go"},
		"flags end where the work begins: Run takes plain values"},
	{"github.com/minio/minio-go/v7", []string{"providers/storage/s3/*.go"},
		"an SDK is one store's own affair"},
	{"github.com/pelletier/go-toml/v2", []string{"backup/config/*.go"},
		"one package knows how the file is written"},
	{"github.com/boombuler/barcode", []string{"backup/kit/*.go"},
		"QR codes are for paper"},
	{"github.com/ncruces/go-sqlite3", []string{"providers/internal/sqlite/*.go", "providers/internal/sqlite/sqlitetest/*.go"},
		"one room knows how to read a stranger's database without harm"},
	{"google.golang.org/protobuf", []string{"providers/chat/*/*/*.go", "providers/chat/*/*.go"},
		"apps keep protobufs in their databases; nothing of ours is one"},
	{"howett.net/plist", nil, "writes property lists for the tests of the reader"},
	{"github.com/go-json-experiment/json", []string{"providers/internal/jsonstream/*.go"},
		"one room reads the JSON of exports, so that all of them are forgiven alike"},
	{"golang.org/x/net", []string{"providers/chat/telegram/*.go", "providers/internal/meta/*.go"},
		"for its tokens of HTML alone; nothing here goes to the network"},
	{"github.com/santhosh-tekuri/jsonschema/v6", nil, "proves the schema of the configuration file"},
	{"github.com/prometheus/common", nil, "reads metrics as others read them"},
	{"go.yaml.in/yaml/v3", nil, "reads a compose file as others read it"},
	{"github.com/creack/pty", nil, "a terminal to test prompts on"},
	{"github.com/rogpeppe/go-internal", nil, "runs the script tests"},
}

// taboo says what a room must do without, of the standard library above all.
type taboo struct {
	dir   string
	names []string // import paths, and all below them
	why   string
}

var taboos = []taboo{
	{"backup/format", []string{"os", "net", "syscall", "filippo.io/age"}, "pure: bytes in, bytes out"},
	{"backup/zips", []string{"os", "net", "syscall", "filippo.io/age"}, "pure: bytes in, bytes out"},
	{"backup/split", []string{"os", "net", "syscall", "filippo.io/age"}, "pure: bytes in, cut points out"},
	{"backup/rhythm", []string{"os", "net", "syscall", "filippo.io/age"}, "pure: times in, times out"},
	{"backup/retention", []string{"os", "net", "syscall", "filippo.io/age"}, "pure: times in, verdicts out"},
	{"backup/record", []string{"os", "net", "syscall", "filippo.io/age"}, "pure: the same message is the same bytes on every machine"},
	{"backup/kit", []string{"os", "net", "syscall", "filippo.io/age"}, "pure: facts in, a page out"},
	{"backup/keys", []string{"net"}, "secrets have no way out"},
	{"backup/schedule", []string{"net"}, "what it writes down for a timer goes nowhere else"},
	{"backup/state", []string{"net"}, "what this machine remembers stays on it"},
	{"backup/metrics", []string{"net"}, "a collector comes for them; nothing is sent"},
	{"backup/repo", []string{"net"}, "all traffic goes through the store"},
	{"providers/places", []string{"os", "net", "syscall"}, "pure: names in, names out"},
	{"providers/chat/...", []string{"net"}, "an export is read where it lies; whoever wants the network is a store"},
}

// importsOfOurs finds imports that a wall forbids.
func importsOfOurs(t *tree) (found []string) {
	for _, f := range t.files {
		if f.test {
			continue
		}
		row, root := wallOf(f.dir)
		if row == nil {
			found = append(found, fmt.Sprintf("%s: no row in the table of walls for %s", f.path, f.dir))
			continue
		}
		for name, spec := range f.imports() {
			dir, ours := t.ours(name)
			if ours && !slices.ContainsFunc(row.may, func(p string) bool { return opens(p, root, dir) }) {
				found = append(found, fmt.Sprintf("%s: %s must not import %s (%s)", f.at(spec.Pos()), f.dir, dir, row.why))
			}
		}
	}
	return found
}

func wallOf(dir string) (row *wall, root string) {
	for i := range walls {
		if root, ok := match(walls[i].dir, dir); ok {
			return &walls[i], root
		}
	}
	return nil, ""
}

// opens says whether pattern, in the row of a package below root, lets dir in.
func opens(pattern, root, dir string) bool {
	if pattern == "./..." {
		return under(root, dir)
	}
	_, ok := match(pattern, dir)
	return ok
}

// importsOfOthers finds foreign modules outside of their fence, and parts of
// the standard library where they are taboo.
func importsOfOthers(t *tree) (found []string) {
	for _, f := range t.files {
		if f.test {
			continue
		}
		for name, spec := range f.imports() {
			if why := forbidden(t, f, name); why != "" {
				found = append(found, fmt.Sprintf("%s: must not import %s: %s", f.at(spec.Pos()), name, why))
			}
		}
	}
	return found
}

func forbidden(t *tree, f *file, name string) (why string) {
	module, _ := t.moduleOf(name)
	for _, fence := range fences {
		inside := func(p string) bool { ok, _ := path.Match(p, f.path); return ok }
		if fence.module == module && !slices.ContainsFunc(fence.files, inside) {
			return fence.why
		}
	}
	for _, taboo := range taboos {
		if _, ok := match(taboo.dir, f.dir); !ok {
			continue
		}
		if slices.ContainsFunc(taboo.names, func(dir string) bool { return under(dir, name) }) {
			return taboo.why
		}
	}
	if name == "testing" && !strings.Contains(f.dir+"/", "test/") {
		return "only a suite, in or below a folder that ends in test, is made for tests"
	}
	return ""
}

// storeInRestore finds the writing half of a store in the verb that reads: with
// a storage.Reader in hand, the compiler proves that restoring cannot delete.
func storeInRestore(t *tree) (found []string) {
	for _, f := range t.files {
		if f.test || !under("restore", f.dir) {
			continue
		}
		for _, use := range selections(f.syntax, "storage", "Store") {
			found = append(found, fmt.Sprintf("%s: storage.Store in restore, where storage.Reader will do", f.at(use)))
		}
	}
	return found
}

// dependencies finds modules that the code imports and docs/dependencies.md
// does not explain, and those that it explains for nothing.
func dependencies(t *tree) (found []string) {
	page, err := fs.ReadFile(t.fsys, "docs/dependencies.md")
	if err != nil {
		return []string{err.Error()}
	}
	explained := firstCells(string(page))
	used := map[string]bool{}
	for _, f := range t.files {
		for name, spec := range f.imports() {
			module, foreign := t.moduleOf(name)
			if !foreign || used[module] {
				continue
			}
			used[module] = true
			if !slices.Contains(explained, module) {
				found = append(found, fmt.Sprintf("%s: docs/dependencies.md has no row for %s", f.at(spec.Pos()), module))
			}
		}
	}
	for _, module := range explained {
		if !slices.Contains(t.requires, module) {
			found = append(found, fmt.Sprintf("docs/dependencies.md: go.mod does not require %s", module))
		}
	}
	return found
}

// firstCells returns what stands in backticks in the first cell of each row of
// a page's tables.
func firstCells(page string) (cells []string) {
	for line := range strings.Lines(page) {
		if rest, ok := strings.CutPrefix(line, "| `"); ok {
			cell, _, _ := strings.Cut(rest, "`")
			cells = append(cells, cell)
		}
	}
	return cells
}
