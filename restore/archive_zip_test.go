//go:build unix

package restore_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// deflater packs the members of zips: with zlib, as phones do, where Python is
// there to lend it, and otherwise with Go's own, which packs other bytes.
type deflater struct {
	zlib bool
	in   io.WriteCloser
	out  io.Reader
}

const deflateScript = `
import struct, sys, zlib
i, o = sys.stdin.buffer, sys.stdout.buffer
while True:
    head = i.read(8)
    if not head: break
    c = zlib.compressobj(6, zlib.DEFLATED, -15, 8)
    packed = c.compress(i.read(struct.unpack('<Q', head)[0])) + c.flush()
    o.write(struct.pack('<Q', len(packed)) + packed)
    o.flush()
`

func newDeflater(t *testing.T) *deflater {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Log("no python3: the zips are not packed by zlib")
		return &deflater{}
	}
	cmd := exec.Command(python, "-c", deflateScript)
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("python3: %v", err)
		}
	})
	return &deflater{true, in, out}
}

func (d *deflater) pack(t *testing.T, data []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	if !d.zlib {
		w, err := flate.NewWriter(&packed, flate.DefaultCompression)
		must(t, err)
		_, err = w.Write(data)
		must(t, err)
		must(t, w.Close())
		return packed.Bytes()
	}
	_, err := d.in.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(data))), data...))
	must(t, err)
	var length [8]byte
	_, err = io.ReadFull(d.out, length[:])
	must(t, err)
	_, err = io.CopyN(&packed, d.out, int64(binary.LittleEndian.Uint64(length[:])))
	must(t, err)
	return packed.Bytes()
}

// zipped packs the plain files of a folder into one zip, as an export of that
// moment: media stored, everything else deflated, every entry dated now. It
// returns how many entries there are.
func zipped(t *testing.T, d *deflater, dir, file string, now time.Time) (entries int) {
	t.Helper()
	f, err := os.Create(file)
	must(t, err)
	defer f.Close()
	z := zip.NewWriter(f)
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		entries++
		now = now.Add(2 * time.Second)
		header := &zip.FileHeader{Name: filepath.ToSlash(name), Modified: now,
			CRC32: crc32.ChecksumIEEE(data), UncompressedSize64: uint64(len(data))}
		if !strings.HasSuffix(name, ".jpg") && !strings.HasSuffix(name, ".mp4") {
			header.Method = zip.Deflate
			data = d.pack(t, data)
		}
		header.CompressedSize64 = uint64(len(data))
		w, err := z.CreateRaw(header)
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	}))
	must(t, z.Close())
	must(t, f.Close())
	return entries
}
