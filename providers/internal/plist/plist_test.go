package plist

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"howett.net/plist"
)

// some is a random value, in arrays and dictionaries down to a depth.
func some(r *rand.Rand, depth int) any {
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch r.IntN(kinds) {
	case 0:
		return r.IntN(2) == 0
	case 1:
		return []int64{0, 1, -1, 255, 256, 65536, 1 << 40, -1 << 40, 1<<63 - 1, -1 << 63}[r.IntN(10)]
	case 2:
		return float64(r.IntN(1000)) / 8
	case 3:
		return []string{"", "a", "häßlich", "日本語 text", "😀", strings.Repeat("long", 30), "<&>\"]]>"}[r.IntN(7)]
	case 4:
		return []byte(strings.Repeat("\x00\xff", r.IntN(20)+1))
	case 5:
		return time.Unix(int64(r.IntN(2_000_000_000)), 0).UTC()
	case 6:
		list := []any{}
		for range r.IntN(20) {
			list = append(list, some(r, depth-1))
		}
		return list
	}
	m := map[string]any{}
	for i := range r.IntN(20) {
		m[fmt.Sprint("key", i)] = some(r, depth-1)
	}
	return m
}

// TestAgainstAnother reads what another's encoder wrote, in both forms.
func TestAgainstAnother(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		want := some(r, 4)
		for _, form := range []int{plist.BinaryFormat, plist.XMLFormat} {
			data, err := plist.Marshal(want, form)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Parse(data)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("form %d: %v\n%#v\n%#v", form, err, got, want)
			}
			for _, n := range []int{0, 1, 8, len(data) / 2, len(data) - 1} {
				if _, err := Parse(data[:n]); err == nil && n < len(data)-8 {
					t.Errorf("form %d: %d of %d bytes are a list", form, n, len(data))
				}
			}
		}
	}
}

func TestUnarchive(t *testing.T) {
	archive := map[string]any{
		"$version": 100000, "$archiver": "NSKeyedArchiver", "$top": map[string]any{"root": plist.UID(1)},
		"$objects": []any{"$null", map[string]any{"Size": 7, "Name": plist.UID(2)}, "a.txt"},
	}
	data, err := plist.Marshal(archive, plist.BinaryFormat)
	if err != nil {
		t.Fatal(err)
	}
	root, objects, err := Unarchive(data)
	if err != nil || root["Size"] != int64(7) || objects[root["Name"].(UID)] != "a.txt" {
		t.Errorf("%v, %v, %v", root, objects, err)
	}
	for _, bad := range []any{7, map[string]any{}, map[string]any{"$objects": []any{}, "$top": map[string]any{"root": plist.UID(0)}},
		map[string]any{"$objects": []any{"x"}, "$top": map[string]any{"root": plist.UID(0)}}} {
		data, _ := plist.Marshal(bad, plist.BinaryFormat)
		if _, _, err := Unarchive(data); err == nil {
			t.Errorf("%v is an archive", bad)
		}
	}
}

// binaryOf puts objects together as a binary list with offsets and references of
// one byte.
func binaryOf(objects ...string) []byte {
	b := []byte("bplist00")
	var table []byte
	for _, o := range objects {
		table = append(table, byte(len(b)))
		b = append(b, o...)
	}
	trailer := make([]byte, trailerSize)
	trailer[6], trailer[7] = 1, 1
	binary.BigEndian.PutUint64(trailer[8:], uint64(len(objects)))
	binary.BigEndian.PutUint64(trailer[24:], uint64(len(b)))
	return append(append(b, table...), trailer...)
}

// hostile are lists that do harm to a reader without care.
var hostile = map[string][]byte{
	"a text of nearly 2^64 bytes": binaryOf("\xd1\x01\x01", "\x5f\x13\xff\xff\xff\xff\xff\xff\xff\xeb"+strings.Repeat("a", 50)),
	"a text of 2^63 characters":   binaryOf("\x6f\x13\x80\x00\x00\x00\x00\x00\x00\x01" + strings.Repeat("a", 50)),
	"an array of 2^60":            binaryOf("\xaf\x13\x10\x00\x00\x00\x00\x00\x00\x00" + strings.Repeat("a", 50)),
	"an array in itself":          binaryOf("\xa1\x00"),
	"a dictionary in itself":      binaryOf("\xd1\x01\x00", "\x51k"),
	"an object that is not there": binaryOf("\xa1\x09"),
	"a key that is a number":      binaryOf("\xd1\x01\x01", "\x10\x07"),
	"a mark that is none":         binaryOf("\x07"),
	"a kind that is none":         binaryOf("\xb1\x00"),
	"a real of one byte":          binaryOf("\x20\x00"),
	"a UID of sixteen bytes":      binaryOf("\x8f" + strings.Repeat("a", 16)),
	"many names for many objects": binaryOf(laughs()...),
	"no objects":                  binaryOf(),
	"deep XML":                    []byte("<plist>" + strings.Repeat("<array>", 1e6)),
	"an entity":                   []byte(`<!DOCTYPE plist [<!ENTITY a "b">]><plist><string>&a;</string></plist>`),
	"a key alone":                 []byte("<plist><dict><key>a</key></dict></plist>"),
	"a value alone":               []byte("<plist><dict><true/></dict></plist>"),
	"an element that is none":     []byte("<plist><blink/></plist>"),
	"a number that is none":       []byte("<plist><integer>x</integer></plist>"),
	"another document":            []byte("<?xml version='1.0'?><html/>"),
	"an empty document":           []byte("<plist/>"),
	"half an element":             []byte("<plist><string>a"),
	"text":                        []byte("{ a = b; }"),
	"nothing":                     nil,
}

// laughs is an array of two arrays of two arrays, 60 deep: few objects, 2^60 values.
func laughs() (objects []string) {
	for i := range byte(60) {
		objects = append(objects, string([]byte{0xa2, i + 1, i + 1}))
	}
	return append(objects, "\x09")
}

func TestHostile(t *testing.T) {
	for what, data := range hostile {
		if v, err := Parse(data); err == nil || !errors.Is(err, errNone) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v, %v", what, v, err)
		}
	}
}

// TestOdd reads what another encoder does not write.
func TestOdd(t *testing.T) {
	for what, c := range map[string]struct {
		data []byte
		want any
	}{
		"null":         {binaryOf("\x00"), nil},
		"sixteen":      {binaryOf("\x14" + strings.Repeat("\x00", 15) + "\x07"), int64(7)},
		"small real":   {binaryOf("\x22\x3f\x80\x00\x00"), 1.0},
		"wild date":    {binaryOf("\x33\x7f\xf0\x00\x00\x00\x00\x00\x00"), nil},
		"before 2001":  {binaryOf("\x33\xbf\xf8\x00\x00\x00\x00\x00\x00"), time.Unix(978307198, 5e8).UTC()},
		"set":          {binaryOf("\xc1\x01", "\x09"), []any{true}},
		"half a pair":  {binaryOf("\x61\xd8\x00"), "\ufffd"},
		"hexadecimal":  {[]byte("<plist><integer>0x10</integer></plist>"), int64(16)},
		"spaced":       {[]byte("\xef\xbb\xbf\n<plist>\n <array> <true/> </array></plist>"), []any{true}},
		"commented":    {[]byte("<plist><string>a<!-- b -->c</string></plist>"), "ac"},
		"wrapped data": {[]byte("<plist><data>\n  AAE=\n</data></plist>"), []byte{0, 1}},
	} {
		if got, err := Parse(c.data); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %#v, %v", what, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		v := some(r, 3)
		for _, form := range []int{plist.BinaryFormat, plist.XMLFormat} {
			data, err := plist.Marshal(v, form)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	for what, data := range hostile {
		if what != "deep XML" && what != "many names for many objects" { // slow to make smaller
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Parse(data); err != nil && strings.Contains(err.Error(), "\n") {
			t.Error(err)
		}
		_, _, _ = Unarchive(data)
	})
}
