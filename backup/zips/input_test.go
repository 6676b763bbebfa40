package zips

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dice is xorshift64*: the vectors need inputs that no library's version
// changes.
type dice uint64

func (d *dice) next() uint64 {
	x := uint64(*d)
	x ^= x >> 12
	x ^= x << 25
	x ^= x >> 27
	*d = dice(x)
	return x * 0x2545F4914F6CDD1D
}

// n is one of 0 to below-1.
func (d *dice) n(below int) int { return int(d.next() >> 33 % uint64(below)) }

func noise(seed dice, size int) []byte {
	var b []byte
	for len(b) < size {
		b = binary.LittleEndian.AppendUint64(b, seed.next())
	}
	return b[:size]
}

// chat is text as it stands in exports: times, few people, words of which some
// are frequent.
func chat(seed dice, size int) []byte {
	words := make([]string, 3000)
	for i := range words {
		w := make([]byte, 2+seed.n(8))
		for j := range w {
			w[j] = "eeeetttaaaoooiinnssrrhhldcumfgwypbvk"[seed.n(36)]
		}
		words[i] = string(w)
	}
	var b []byte
	for minute := 0; len(b) < size; minute += seed.n(200) {
		b = fmt.Appendf(b, "[%02d.%02d.24, %02d:%02d:%02d] %s:", minute/1440%28+1, minute/40320%12+1,
			minute/60%24, minute%60, seed.n(60), []string{"Anna", "Ben", "Clara Maria", "Dad"}[seed.n(4)])
		for range 1 + seed.n(16) {
			b = append(append(b, ' '), words[seed.n(1+seed.n(1+seed.n(3000)))]...)
		}
		b = append(b, '\n')
	}
	return b[:size]
}

// far is noise that repeats itself at distances around the largest one at which
// zlib looks, 32,506.
func far(seed dice, size int) []byte {
	b := noise(seed, 33000)
	for len(b) < size {
		from := len(b) - 32506 + seed.n(5) - 2
		b = append(b, b[from:from+3+seed.n(12)]...)
		b = append(b, noise(dice(seed.next()|1), 1+seed.n(3))...)
	}
	return b[:size]
}

// inputs are the contents of which the vectors tell what zlib makes.
func inputs() map[string][]byte {
	in := map[string][]byte{
		"byte":  {'x'},
		"chat":  chat(1, 100_000),
		"far":   far(2, 100_000),
		"mixed": slices.Concat(chat(3, 30_000), noise(4, 20_000), chat(3, 30_000)),
		"noise": noise(5, 60_000),
		"zeros": make([]byte, 70_000),
	}
	// A match that only a full window buffer finds; see pieceSize.
	in["last"] = noise(7, 1<<17)
	copy(in["last"][65_274:], in["last"][65_274-32_506:][:200])
	// Around where the window buffer ends and moves.
	for _, n := range []int{65_274, 65_536, 98_305} {
		in[fmt.Sprintf("edge%d", n)] = chat(6, n)
	}
	return in
}

// inputFolder has the inputs as files.
func inputFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range inputs() {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// python runs a script of testdata. Without Python, or where Python has another
// library in the place of zlib, the test is skipped, or fails if
// CHATKEEP_REQUIRE_ALL is set.
func python(t *testing.T, script string, args ...string) string {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("CHATKEEP_REQUIRE_ALL") != "" {
		missing = t.Fatalf
	}
	path, err := exec.LookPath("python3")
	if err != nil {
		missing("no python3: %v", err)
	}
	version, err := exec.Command(path, "-c", "import zlib; print(zlib.ZLIB_RUNTIME_VERSION)").Output()
	if err != nil {
		missing("no zlib in python3: %v", err)
	}
	if v := strings.TrimSpace(string(version)); strings.Trim(v, "0123456789.") != "" {
		missing("python3 has a fork of zlib: %s", v)
	}
	cmd := exec.Command(path, append([]string{"-W", "ignore", filepath.Join("testdata", script)}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return string(out)
}
