package format

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// load reads a file of vectors.
func load[T any](t testing.TB, name string) T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	var v T
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// wantClass checks that err has the class, where "" wants no error.
func wantClass(t *testing.T, err error, want Class) {
	t.Helper()
	if got := ClassOf(err); got != want || (err != nil) != (want != "") {
		t.Fatalf("class %q, want %q: %v", got, want, err)
	}
}

func unhexed(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// textVector is a vector of text; Hex stands for bytes that are no UTF-8.
type textVector struct {
	Name string `json:"name"`
	Data string `json:"data"`
	Hex  string `json:"hex"`
	Fail Class  `json:"fail"`
}

func (v *textVector) bytes(t testing.TB) []byte {
	if v.Hex != "" {
		return unhexed(t, v.Hex)
	}
	return []byte(v.Data)
}

type encoder interface{ Encode() []byte }

// statementParsers has every parser of a statement under the name that vectors
// use.
var statementParsers = map[string]func([]byte) (encoder, error){
	"envelope":  func(b []byte) (encoder, error) { return ParseEnvelope(b, MaxSigned) },
	"authority": func(b []byte) (encoder, error) { return ParseAuthority(b) },
	"head":      func(b []byte) (encoder, error) { return ParseHead(b) },
	"tombstone": func(b []byte) (encoder, error) { return ParseTombstone(b) },
	"manifest":  func(b []byte) (encoder, error) { return ParseManifest(b) },
	"note":      func(b []byte) (encoder, error) { return ParseNote(b) },
	"news":      func(b []byte) (encoder, error) { return ParseNews(b) },
}

type statementVector struct {
	textVector
	Parse string `json:"parse"`
}

func TestStatementVectors(t *testing.T) {
	for _, v := range load[[]statementVector](t, "statements.json") {
		t.Run(v.Name, func(t *testing.T) {
			data := v.bytes(t)
			s, err := statementParsers[v.Parse](data)
			wantClass(t, err, v.Fail)
			if err == nil && !bytes.Equal(s.Encode(), data) {
				t.Errorf("written again:\n%s\nwant\n%s", s.Encode(), data)
			}
		})
	}
}

func TestNameVectors(t *testing.T) {
	type good struct {
		Key, Type, Slot string
		Writer, Hash    Hash
		N               uint64
	}
	v := load[struct {
		Good []good
		Bad  []string
	}](t, "names.json")
	for _, g := range v.Good {
		name, ok := ParseName(g.Key)
		want := Name{Writer: g.Writer, N: g.N, Slot: g.Slot, Hash: g.Hash, Type: name.Type}
		if !ok || name != want || name.Type.String() != g.Type || name.String() != g.Key {
			t.Errorf("%s: %v %+v %s", g.Key, ok, name, name.Type)
		}
	}
	for _, key := range v.Bad {
		if name, ok := ParseName(key); ok {
			t.Errorf("%q is taken for %+v", key, name)
		}
	}
}

func TestPadVectors(t *testing.T) {
	for _, v := range load[[]struct{ N, Floor, Padded int64 }](t, "pad.json") {
		if got := Pad(v.N, v.Floor); got != v.Padded {
			t.Errorf("Pad(%d, %d) = %d, want %d", v.N, v.Floor, got, v.Padded)
		}
	}
}

type liveSetVector struct {
	Name     string
	Base     LiveSet
	BaseHash Hash `json:"base_hash"`
	Add      LiveSet
	Drop     Drop
	Next     LiveSet
	NextHash Hash `json:"next_hash"`
	Fail     Class
}

func TestLiveSetVectors(t *testing.T) {
	for _, v := range load[[]liveSetVector](t, "livesets.json") {
		t.Run(v.Name, func(t *testing.T) {
			if got := v.Base.Hash(); got != v.BaseHash {
				t.Errorf("base hashes to %s, want %s", got, v.BaseHash)
			}
			next, err := v.Base.Apply(v.Add, v.Drop)
			wantClass(t, err, v.Fail)
			if err != nil {
				return
			}
			if !sameLive(next, v.Next) || next.Hash() != v.NextHash {
				t.Errorf("applied: %+v", next)
			}
			add, drop := Diff(v.Base, v.Next)
			if !sameLive(add, v.Add) || !sameDrop(drop, v.Drop) {
				t.Errorf("diff: %+v %+v", add, drop)
			}
		})
	}
}

type memberVector struct {
	ID     ID
	Size   int
	SHA256 Hash
}

type frameVector struct {
	Name    string
	Frame   string
	Members []memberVector
	Chunks  []Hash
	Fail    Class
}

func members(list []memberVector) (out []Member) {
	for _, m := range list {
		out = append(out, Member{ID: m.ID, Size: m.Size})
	}
	return out
}

func TestFrameVectors(t *testing.T) {
	d := NewDecoder()
	for _, v := range load[[]frameVector](t, "frames.json") {
		t.Run(v.Name, func(t *testing.T) {
			list := members(v.Members)
			chunks, err := openFrame(d, unhexed(t, v.Frame), list)
			wantClass(t, err, v.Fail)
			for i, data := range chunks {
				if v.Fail == "" && Sum(data) != v.Chunks[i] {
					t.Errorf("chunk %d hashes to %s", i, Sum(data))
				}
			}
			if v.Fail == "" && len(chunks) != len(v.Chunks) {
				t.Errorf("%d chunks", len(chunks))
			}
		})
	}
}

// openFrame decodes a frame and splits it.
func openFrame(d *Decoder, frame []byte, list []Member) (chunks [][]byte, err error) {
	raw, err := d.Frame(nil, frame, RawLen(list))
	if err != nil {
		return nil, err
	}
	for data, err := range SplitFrame(raw, list) {
		if err != nil {
			return nil, err
		}
		chunks = append(chunks, data)
	}
	return chunks, nil
}

type sealedVector struct {
	Name    string
	Parts   []any // hex, or how many zero bytes
	SHA256  Hash
	Type    string
	Kind    string
	Epoch   uint64
	Members []memberVector
	Data    string
	DataHex string `json:"data_hex"`
	Fail    Class
}

func (v *sealedVector) bytes(t testing.TB) (out []byte) {
	for _, p := range v.Parts {
		switch p := p.(type) {
		case string:
			out = append(out, unhexed(t, p)...)
		case float64:
			out = append(out, make([]byte, int(p))...)
		}
	}
	if Sum(out) != v.SHA256 {
		t.Fatalf("%s: the vector is damaged", v.Name)
	}
	return out
}

// open reads everything of a sealed object.
func (v *sealedVector) open(plain []byte) (*Layout, [][]byte, error) {
	r := bytes.NewReader(plain)
	l, err := ParseLayout(r, r.Size())
	if err != nil {
		return nil, nil, err
	}
	if err := l.CheckPadding(r); err != nil {
		return nil, nil, err
	}
	if l.Header.Type != TypePack {
		data, err := DecodeAll(plain, MaxIndex)
		return l, [][]byte{data}, err
	}
	d := NewDecoder()
	var all [][]byte
	for _, f := range l.Frames {
		chunks, err := openFrame(d, plain[f.Offset:f.Offset+int64(f.Length)], f.Members)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, chunks...)
	}
	return l, all, nil
}

func TestSealedVectors(t *testing.T) {
	for _, v := range load[[]sealedVector](t, "sealed.json") {
		t.Run(v.Name, func(t *testing.T) {
			l, chunks, err := v.open(v.bytes(t))
			wantClass(t, err, v.Fail)
			if err != nil {
				return
			}
			if l.Header.Type != v.Type || l.Header.Kind != v.Kind || l.Header.Epoch != v.Epoch {
				t.Errorf("header %+v", l.Header)
			}
			if v.Type != TypePack {
				if want := v.Data + string(unhexed(t, v.DataHex)); string(chunks[0]) != want {
					t.Errorf("data %q, want %q", chunks[0], want)
				}
				return
			}
			if len(chunks) != len(v.Members) {
				t.Fatalf("%d chunks", len(chunks))
			}
			for i, m := range v.Members {
				if Sum(chunks[i]) != m.SHA256 || len(chunks[i]) != m.Size {
					t.Errorf("chunk %s", m.ID)
				}
			}
		})
	}
}

// TestSealedVectorsRebuilt puts the frames of each good object into a Builder:
// everything around them must come out as it was.
func TestSealedVectorsRebuilt(t *testing.T) {
	for _, v := range load[[]sealedVector](t, "sealed.json") {
		if v.Fail != "" {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			plain := v.bytes(t)
			l, _, err := v.open(plain)
			wantClass(t, err, "")
			b := NewBuilder(l.Header, nil)
			for _, f := range l.Frames {
				b.Append(plain[f.Offset:f.Offset+int64(f.Length)], f.Members)
			}
			if !bytes.Equal(b.Close(), plain) {
				t.Error("other bytes")
			}
		})
	}
}

type indexVector struct {
	Name  string
	Hex   string
	Fail  Class
	Packs []struct {
		Pack       Hash
		Size       int64
		Kind       string
		FirstFrame int64 `json:"first_frame"`
		Frames     []struct {
			Offset  int64
			Length  int
			Members []memberVector
		}
	}
}

func (v *indexVector) packs(t *testing.T) (out []IndexPack) {
	for _, p := range v.Packs {
		kind, err := ParseKind(p.Kind)
		if err != nil {
			t.Fatal(err)
		}
		q := IndexPack{Pack: p.Pack, Size: p.Size, Kind: kind, FirstFrame: p.FirstFrame}
		for _, f := range p.Frames {
			q.Frames = append(q.Frames, Frame{Offset: f.Offset, Length: f.Length, Members: members(f.Members)})
		}
		out = append(out, q)
	}
	return out
}

func readIndex(data []byte) (out []IndexPack, err error) {
	for p, err := range ParseIndex(data) {
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func TestIndexVectors(t *testing.T) {
	for _, v := range load[[]indexVector](t, "index.json") {
		t.Run(v.Name, func(t *testing.T) {
			data := unhexed(t, v.Hex)
			got, err := readIndex(data)
			wantClass(t, err, v.Fail)
			if err != nil {
				return
			}
			if want := v.packs(t); !samePacks(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			var again []byte
			for i := range got {
				again = AppendIndexPack(again, &got[i])
			}
			if !bytes.Equal(again, data) {
				t.Errorf("written again: %x", again)
			}
		})
	}
}

type contentsVector struct {
	textVector
	Items []string
}

func TestContentsVectors(t *testing.T) {
	for _, v := range load[[]contentsVector](t, "contents.json") {
		t.Run(v.Name, func(t *testing.T) {
			data := v.bytes(t)
			var again []byte
			var paths []string
			var failure error
			for item, err := range Items(bytes.NewReader(data)) {
				if err != nil {
					failure = err
					break
				}
				again = AppendItem(again, item)
				paths = append(paths, display(item.Path))
			}
			wantClass(t, failure, v.Fail)
			if failure != nil {
				return
			}
			if !bytes.Equal(again, data) {
				t.Errorf("written again:\n%s\nwant\n%s", again, data)
			}
			if len(paths) != len(v.Items) {
				t.Fatalf("items %q", paths)
			}
			for i := range paths {
				if paths[i] != v.Items[i] {
					t.Errorf("item %d is %q, want %q", i, paths[i], v.Items[i])
				}
			}
		})
	}
}

func TestStatVectors(t *testing.T) {
	type vector struct {
		textVector
		Mode      uint32
		Sec, Nsec int64
	}
	for _, v := range load[[]vector](t, "stats.json") {
		t.Run(v.Name, func(t *testing.T) {
			data := v.bytes(t)
			s, err := ParseStat(data)
			wantClass(t, err, v.Fail)
			if err != nil {
				return
			}
			if s.Mode != v.Mode || s.Mtime.Unix() != v.Sec || int64(s.Mtime.Nanosecond()) != v.Nsec {
				t.Errorf("got %o %d %d", s.Mode, s.Mtime.Unix(), s.Mtime.Nanosecond())
			}
			if again := AppendStat(nil, &s); !bytes.Equal(again, data) {
				t.Errorf("written again: %s", again)
			}
		})
	}
}
