package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// stock skips the test where a tool is not there, unless CHATKEEP_REQUIRE_ALL
// says that it must be.
func stock(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CHATKEEP_REQUIRE_ALL") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// run gives data to a tool and returns what it prints.
func run(t *testing.T, data []byte, tool string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(tool, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	cmd.Stdin = bytes.NewReader(data)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s %s: %v: %s", tool, strings.Join(args, " "), err, stderr.Bytes())
	}
	return out
}

// unpack extracts a pack as the page for recovery by hand says, and compares
// each file with what the pack should hold.
func unpack(t *testing.T, plain []byte, want []memberVector) {
	t.Helper()
	archive := run(t, plain, "zstd", "-q", "-d", "-c")
	dir := t.TempDir()
	var listing strings.Builder
	for _, m := range want {
		fmt.Fprintf(&listing, "-rw-r--r-- 0/0 %d 1970-01-01 00:00 %s\n", m.Size, m.ID)
	}
	got := strings.Join(strings.Fields(string(run(t, archive, "tar", "-tv"))), " ")
	if want := strings.Join(strings.Fields(listing.String()), " "); got != want {
		t.Fatalf("tar lists\n%s\nwant\n%s", got, want)
	}
	run(t, archive, "tar", "-x", "-C", dir)
	var sums strings.Builder
	for _, m := range want {
		fmt.Fprintf(&sums, "%s  %s\n", m.SHA256, filepath.Join(dir, m.ID.String()))
	}
	if len(want) > 0 {
		run(t, []byte(sums.String()), "sha256sum", "--quiet", "--strict", "-c")
	}
}

func TestStockToolsReadSealed(t *testing.T) {
	stock(t, "zstd", "tar", "sha256sum")
	for _, v := range load[[]sealedVector](t, "sealed.json") {
		if v.Fail != "" {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			if v.Type == TypePack {
				unpack(t, v.bytes(t), v.Members)
				return
			}
			got := run(t, v.bytes(t), "zstd", "-q", "-d", "-c")
			if want := v.Data + string(unhexed(t, v.DataHex)); string(got) != want {
				t.Errorf("zstd -d gives %q, want %q", got, want)
			}
		})
	}
}

// TestStockToolsReadBuilt does the same with what this package builds: every
// way in which a frame comes to be, and chunks at the borders of blocks.
func TestStockToolsReadBuilt(t *testing.T) {
	stock(t, "zstd", "tar", "sha256sum")
	b := NewBuilder(testHeader(TypePack, Media), nil)
	c := NewCompressor(levels[0])
	var want []memberVector
	for i, size := range []int{1, 511, 512, 513, blockMax - tarBlock, blockMax - tarBlock + 1, 1 << 20, MaxChunk - 1, MaxChunk} {
		data := noise(uint64(i), size)
		id := ID{byte(i), 0xab}
		list := []Member{{ID: id, Size: size}}
		if i%2 == 0 {
			b.Extend(list, func(dst []byte) []byte { return AppendRawMember(dst, id, data) })
		} else {
			b.Append(c.Append(nil, AppendMember(nil, id, data)), list)
		}
		want = append(want, memberVector{ID: id, Size: size, SHA256: Sum(data)})
	}
	unpack(t, b.Close(), want)
}

func TestStockToolsReadStatements(t *testing.T) {
	stock(t, "jq")
	for _, v := range load[[]statementVector](t, "statements.json") {
		// jq writes U+007F and the line separators in another way.
		if v.Fail != "" || strings.ContainsAny(v.Data, "\x7f") || strings.Contains(v.Data, `\u2028`) {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			if got := run(t, []byte(v.Data), "jq", "-c", "."); string(got) != v.Data {
				t.Errorf("jq -c gives\n%s", got)
			}
		})
	}
}

func TestStockToolsReadEnvelope(t *testing.T) {
	stock(t, "jq")
	for _, v := range load[[]statementVector](t, "statements.json") {
		if v.Fail != "" || v.Parse != "envelope" {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			e, err := ParseEnvelope([]byte(v.Data), MaxSigned)
			wantClass(t, err, "")
			if got := run(t, []byte(v.Data), "jq", "-j", ".body"); string(got) != e.Body {
				t.Errorf("jq -j .body gives %q, want %q", got, e.Body)
			}
		})
	}
}

func TestStockToolsReadContents(t *testing.T) {
	stock(t, "jq")
	for _, v := range load[[]contentsVector](t, "contents.json") {
		if v.Fail != "" {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			got := run(t, v.bytes(t), "jq", "-c", `select(.type|IN("more","raw","member")|not)|.path`)
			want := ""
			for _, path := range v.Items {
				quoted, err := json.Marshal(path)
				if err != nil || !utf8.ValidString(path) {
					t.Fatal(path, err)
				}
				want += string(run(t, quoted, "jq", "-c", "."))
			}
			if string(got) != want {
				t.Errorf("jq gives %q, want %q", got, want)
			}
		})
	}
}

// TestStockToolsHashLiveSets works out a live set's hash from the head's own
// text, as the specification words it.
func TestStockToolsHashLiveSets(t *testing.T) {
	stock(t, "jq", "sha256sum")
	const lines = `(.index[]|"index \(.sha256) \(.size)"),(.packs[]|"pack \(.sha256) \(.size)")`
	for _, v := range load[[]liveSetVector](t, "livesets.json") {
		text, err := json.Marshal(v.Base)
		if err != nil {
			t.Fatal(err)
		}
		sum := run(t, run(t, text, "jq", "-r", lines), "sha256sum")
		if got, _, _ := strings.Cut(string(sum), " "); got != v.BaseHash.String() {
			t.Errorf("%s: sha256sum gives %s, want %s", v.Name, got, v.BaseHash)
		}
	}
}
