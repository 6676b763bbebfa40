package restore

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

var windows = rules{windows: true, text: true, caseless: true}

func TestEscape(t *testing.T) {
	for name, want := range map[string]string{
		"plain.txt": "plain.txt", "50%": "50%", "a:b": "a%3Ab", `a\b`: "a%5Cb", "q?*": "q%3F%2A", "<|>": "%3C%7C%3E", `"`: "%22",
		"dot.": "dot%2E", "space ": "space%20", ".hidden": ".hidden", "tab\t": "tab%09", "a\xffb": "a%FFb", "ü": "ü",
		"CON": "%43ON", "con.txt": "%63on.txt", "com1": "%63om1", "LPT9.x.y": "%4CPT9.x.y", "com¹": "%63om¹", "com10": "com10",
		"lpt": "lpt", "nul ": "%6Eul%20", "console": "console", "conin$": "%63onin$", "�": "�",
	} {
		if got := windows.escape(name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
		if got := (rules{}).escape(name); got != name {
			t.Errorf("%q became %q where anything goes", name, got)
		}
	}
	if got := (rules{text: true}).escape("a:b\xff"); got != "a:b%FF" {
		t.Errorf("where names are text: %q", got)
	}
}

// original takes the name that was from one on disk, as the comment of rules
// tells people to. Of a name that was cut only the beginning is known.
func original(disk string) (name string, whole bool) {
	if at := strings.LastIndex(disk, "%~"); at >= 0 {
		if strings.HasPrefix(disk[at:], "%~x") {
			return disk[:at], false
		}
		disk = disk[:at]
	}
	var b strings.Builder
	for i := 0; i < len(disk); i++ {
		if disk[i] == '%' && isCode(disk[i:]) {
			c, _ := hex.DecodeString(disk[i+1 : i+3])
			b.Write(c)
			i += 2
			continue
		}
		b.WriteByte(disk[i])
	}
	return b.String(), true
}

// TestNamesAreReversible gives names to random ones, in directories where many
// are alike: no two become one, none is what Windows does not take, and what was
// can be told from what is.
func TestNamesAreReversible(t *testing.T) {
	parts := []string{"a", "A", "b", "%", "%4", "41", "%~", "2", "~1", ".", " ", "con", "AUX", ".txt", ":", "?", "\xff", "\x01", "ü", "ü", "ß", "SS",
		"\u00ad", "\ufe0f", "\u212a", "k", "x", strings.Repeat("long", 40), strings.Repeat("€", 60), ".jpeg"}
	r := rand.New(rand.NewPCG(3, 4))
	for _, rules := range []rules{windows, (rules{}).safe(), {caseless: true, normal: true, text: true}} {
		for range 300 {
			n, given := newNamer(rules), map[string]string{}
			for range 40 {
				name := ""
				for range 1 + r.IntN(5) {
					name += parts[r.IntN(len(parts))]
				}
				if _, again := given[name]; again || name == "." || name == ".." {
					continue
				}
				given[name] = n.name(1, name)
			}
			keys := map[string]string{}
			for name, disk := range given {
				key := rules.key(disk)
				if other, taken := keys[key]; taken {
					t.Fatalf("%q and %q are one: %q and %q", name, other, disk, given[other])
				}
				keys[key] = name
				if back, whole := original(disk); whole && back != name {
					t.Errorf("%q became %q, which reads as %q", name, disk, back)
				} else if !whole && len(name) < longestName/3 {
					t.Errorf("%q was cut: %q", name, disk)
				}
				if rules.windows && (len(disk) > 255 || isDevice(disk) || strings.ContainsAny(disk, "<>:\"|?*\\\x01") || strings.TrimRight(disk, ". ") != disk) {
					t.Errorf("%q became %q, which Windows does not take", name, disk)
				}
			}
		}
	}
}

// TestSafeNames restores under names for any system onto one that takes all, and
// lists what it changed.
func TestSafeNames(t *testing.T) {
	w := newWorld(t)
	s := w.backup(directory(""), plain("A", "upper"), plain("a", "lower"), plain("aux.txt", "device"), plain("q?", "question"),
		directory("Dir"), plain("Dir/x", "1"), directory("dir"), plain("dir/x", "2"), plain(strings.Repeat("n", 300)+".txt", "long"))
	dir := newTarget(t)
	report, err := Run(t.Context(), s, dir, Options{SafeNames: true, Resume: "x"})
	must(t, err)
	names := map[string]string{}
	for _, n := range report.Renamed {
		names[n.Path] = n.Name
	}
	if len(names) != 5 || len(report.Warnings) != 5 {
		t.Errorf("renamed %q, warnings %q", names, report.Warnings)
	}
	for path, content := range map[string]string{"A": "upper", "a": "lower", "aux.txt": "device", "q?": "question", strings.Repeat("n", 300) + ".txt": "long"} {
		name := path
		if changed, ok := names["originals/"+path]; ok {
			name = changed
		}
		wantFile(t, dir+"/"+name, []byte(content))
	}
	wantFile(t, dir+"/Dir/x", []byte("1"))
	wantFile(t, dir+"/"+names["originals/dir"]+"/x", []byte("2"))
}

// TestNamer never gives out a name twice that the target takes for one.
func TestNamer(t *testing.T) {
	n := newNamer(rules{caseless: true, normal: true})
	for _, c := range []struct {
		dir        uint32
		name, want string
	}{
		{0, "a", "a"}, {0, "A", "A%~2"}, {1, "A", "A"}, {0, "a%~2", "a%25~2"}, {0, "a%25~2", "a%2525~2"}, {0, "b", "b"},
		{0, "\u00fc", "\u00fc"}, {0, "u\u0308", "u\u0308%~2"}, {0, "STRASSE", "STRASSE"}, {0, "strasse", "strasse%~2"},
	} {
		if got := n.name(c.dir, c.name); got != c.want {
			t.Errorf("%q in %d became %q, want %q", c.name, c.dir, got, c.want)
		}
	}
}

// TestMergingTarget restores onto a file system that takes "a" for "A", as far
// as the rules know.
func TestMergingTarget(t *testing.T) {
	s := newWorld(t).backup(directory(""), plain("A", "upper"), plain("a", "lower"), directory("D"), plain("D/x", "upper"),
		directory("d"), plain("d/x", "lower"), plain("con", "device"), plain("e:f", "colon"),
		hardTo("link", "a"), hardTo("link2", "d/x"))
	dir := newTarget(t)
	report, err := runWith(t, s, dir, Options{}, func(r *run) { r.tree.namer.rules = windows })
	must(t, err)
	wantLeft(t, dir, "A", "a%~2", "D/", "D/x", "d%~2/", "d%~2/x", "%63on", "e%3Af", "link", "link2")
	wantFile(t, dir+"/A", []byte("upper"))
	wantFile(t, dir+"/a%~2", []byte("lower"))
	wantFile(t, dir+"/d%~2/x", []byte("lower"))
	wantFile(t, dir+"/link", []byte("lower"))
	wantFile(t, dir+"/link2", []byte("lower"))
	if len(report.Warnings) != 4 {
		t.Errorf("warnings: %q", report.Warnings)
	}
}

// FuzzEscape looks for names that Windows would not take, or take for another.
func FuzzEscape(f *testing.F) {
	for _, name := range []string{"a", "CON.txt", "x. .", "a:b", "\xff", "com¹.", "%43ON"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || strings.ContainsAny(name, "/\x00") {
			return
		}
		got := windows.escape(name)
		switch {
		case !utf8.ValidString(got), strings.ContainsAny(got, `<>:"|?*\`), strings.HasSuffix(got, "."), strings.HasSuffix(got, " "), isDevice(got):
			t.Errorf("%q became %q", name, got)
		}
		for _, c := range got {
			if c < ' ' {
				t.Errorf("%q became %q", name, got)
			}
		}
		n := newNamer(windows)
		if one, two := n.name(0, name), n.name(0, strings.ToUpper(name)); windows.key(one) == windows.key(two) {
			t.Errorf("%q twice: %q and %q", name, one, two)
		}
	})
}

// FuzzLineage compares with the plain definition: is a path below one of those
// before it.
func FuzzLineage(f *testing.F) {
	f.Add("a a- a/b a/c b b/c/d")
	f.Add("a ab abc abc/d ab/c")
	f.Fuzz(func(t *testing.T, all string) {
		var l lineage
		var before []string
		for _, path := range strings.Fields(all) {
			if len(before) > 0 && path <= before[len(before)-1] {
				return
			}
			want := ""
			for _, p := range before {
				if strings.HasPrefix(path, p+"/") && len(p) > len(want) {
					want = p
				}
			}
			got, below := l.enter(entryOf(path))
			if got != want || below != (want != "") {
				t.Fatalf("%q after %q: below %q, want %q", path, before, got, want)
			}
			before = append(before, path)
		}
	})
}

// TestPool keeps few open, and what is in use.
func TestPool(t *testing.T) {
	closed := []string{}
	p := newPool[string, *closer](2)
	use := func(key string) *closer {
		c, err := p.acquire(key, func() (*closer, error) { return &closer{key, &closed, nil}, nil })
		must(t, err)
		return c
	}
	a := use("a")
	use("b")
	use("c") // all are in use: one too many is open
	if len(closed) != 0 {
		t.Fatalf("closed %q in use", closed)
	}
	p.release("b")
	p.release("c")
	if use("a") != a {
		t.Error("a was opened twice")
	}
	use("d")
	if fmt.Sprint(closed) != "[b c]" {
		t.Errorf("closed %q, want what was not used for longest", closed)
	}
	if _, ok := p.take("d"); !ok {
		t.Error("d is not there to take")
	}
	if _, ok := p.take("b"); ok {
		t.Error("b was closed and is still there")
	}
	p.release("a")
	p.release("a")
	a.err = fmt.Errorf("the last bytes are lost")
	use("e")
	if _, err := p.acquire("f", func() (*closer, error) { return nil, nil }); err != a.err {
		t.Errorf("closing failed, and acquire says %v", err)
	}
}

type closer struct {
	key    string
	closed *[]string
	err    error
}

func (c *closer) Close() error {
	*c.closed = append(*c.closed, c.key)
	return c.err
}
