package crypt

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"

	"chatkeep/providers/internal/spill"
	"chatkeep/providers/internal/sqlite"
)

// File is an encrypted backup.
type File struct {
	Header
	fsys fs.FS
	name string
	size int64
	head []byte // the first bytes of the ciphertext
}

// headSize is how much of the ciphertext a key is tried on.
const headSize = 4 << 10

// OpenFile reads the header of a backup. Errors do not have its name in them.
func OpenFile(fsys fs.FS, name string) (*File, error) {
	r, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, maxHeader+headSize))
	if err != nil && len(b) == 0 {
		return nil, err
	}
	h, parseErr := ParseHeader(b)
	if parseErr != nil {
		return nil, errors.Join(parseErr, err)
	}
	head := b[h.start:]
	return &File{Header: *h, fsys: fsys, name: name, size: info.Size(), head: head[:min(len(head), headSize)]}, nil
}

// Try tries a key on the beginning of the backup. Its errors are those of
// [Header.Fits], and match [ErrWrongKey] where nothing of sense comes out.
func (f *File) Try(k *Key) error {
	if err := f.Fits(k); err != nil {
		return err
	}
	plain := slices.Clone(f.head)
	newGCM(k.aes(&f.Header), f.nonce).decrypt(plain)
	if isPayload(plain) {
		return nil
	}
	hint := "it is the key of another backup, or one that was mistyped; or the backup is damaged at its beginning"
	if !f.EndToEnd && k.form == bare {
		hint = "this backup is not end-to-end encrypted: the 64 digits of the app do not open it, but the file key of the phone. " +
			"Or turn end-to-end encryption on in the app, and take the backup of the night after"
	}
	return &fault{kind: ErrWrongKey, hint: hint}
}

// isPayload says whether bytes begin what a backup can hold. Of a few bytes, it says
// yes where they do not speak against it.
func isPayload(plain []byte) bool {
	if begins(plain, sqlite.Magic) || begins(plain, zipMagic) {
		return true
	}
	z, err := zlib.NewReader(bytes.NewReader(plain))
	inside := make([]byte, len(sqlite.Magic))
	n := 0
	if err == nil {
		n, err = io.ReadFull(z, inside)
	}
	if n == 0 {
		return errors.Is(err, io.ErrUnexpectedEOF) || len(plain) < 2
	}
	return begins(inside[:n], sqlite.Magic) || begins(inside[:n], zipMagic)
}

const zipMagic = "PK\x03\x04"

// begins says whether b begins with magic, or is a beginning of it.
func begins(b []byte, magic string) bool {
	n := min(len(b), len(magic))
	return string(b[:n]) == magic[:n]
}

// Decrypt returns the database in the backup. Where not all of it is there as the app
// wrote it, there is none, and the error matches io.ErrUnexpectedEOF or [ErrDamaged].
// A warning is "" or tells of what does no harm.
func (f *File) Decrypt(ctx context.Context, k *Key) (database *spill.Spill, warning string, err error) {
	if err := f.Try(k); err != nil {
		return nil, "", err
	}
	packed, length, warning, err := f.decrypt(ctx, k)
	if err != nil {
		return nil, "", err
	}
	database, err = unpack(ctx, packed, length)
	return database, warning, err
}

// ends are the places at which the tag may stand, counted from the end of the file:
// before an MD5 and the suffix of crypt12, before an MD5, or at the very end.
func (f *File) ends() (places []int64) {
	for _, back := range []int64{tagSize + md5.Size + 4, tagSize + md5.Size, tagSize} {
		if at := f.size - back; at >= f.start && (f.Form == "crypt12" || back%tagSize == 0) {
			places = append(places, at)
		}
	}
	return places
}

// decrypt reads the backup once: it decrypts, and sums up as if each of the places
// were that of the tag.
func (f *File) decrypt(ctx context.Context, k *Key) (plain *spill.Spill, length int64, warning string, err error) {
	places := f.ends()
	if len(places) == 0 {
		return nil, 0, "", fmt.Errorf("cut off behind its header: %w", io.ErrUnexpectedEOF)
	}
	r, err := f.fsys.Open(f.name)
	if err != nil {
		return nil, 0, "", err
	}
	defer r.Close()
	p := &pass{gcm: newGCM(k.aes(&f.Header), f.nonce), start: f.start, end: places[len(places)-1], md5: md5.New(), places: places}
	if plain, err = p.run(ctx, r, f.size); err != nil {
		return nil, 0, "", err
	}
	at, ok := p.verified()
	if !ok {
		defer plain.Close()
		return nil, 0, "", blame(plain)
	}
	if !p.summed(at) {
		warning = "its checksum is wrong, though all of its contents are as the app wrote them"
	}
	return plain, at - f.start, warning, nil
}

// pass is one reading of a backup.
type pass struct {
	*gcm
	start, end int64 // of what is decrypted
	md5        hash.Hash
	places     []int64
	at         int64
	tail       []byte // the last bytes that were read
	tags       map[int64][tagSize]byte
	sums       map[int64][md5.Size]byte
	out        spill.Writer
}

// tailSize is more than stands behind the ciphertext.
const tailSize = 64

func (p *pass) run(ctx context.Context, r io.Reader, size int64) (*spill.Spill, error) {
	p.tags, p.sums = map[int64][tagSize]byte{}, map[int64][md5.Size]byte{}
	buf := make([]byte, 256<<10)
	for {
		n, err := r.Read(buf)
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if writeErr := p.take(buf[:n]); writeErr != nil {
			err = writeErr
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			p.out.Discard()
			return nil, err
		}
	}
	p.mark()
	if p.at != size {
		p.out.Discard()
		if p.at < size {
			return nil, fmt.Errorf("it ends after %d of %d bytes: %w", p.at, size, io.ErrUnexpectedEOF)
		}
		return nil, errors.New("it changes while it is read")
	}
	plain, err := p.out.Finish()
	if err != nil {
		p.out.Discard()
	}
	return plain, err
}

// take takes bytes in, up to each place of interest by itself.
func (p *pass) take(b []byte) error {
	p.tail = append(p.tail, b[max(0, len(b)-tailSize):]...)
	p.tail = p.tail[max(0, len(p.tail)-tailSize):]
	for len(b) > 0 {
		p.mark()
		n := int64(len(b))
		for _, stop := range append([]int64{p.start}, p.places...) {
			for _, at := range []int64{stop, stop + tagSize} {
				if at > p.at {
					n = min(n, at-p.at)
				}
			}
		}
		if err := p.piece(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func (p *pass) piece(b []byte) error {
	p.md5.Write(b)
	inside := p.at >= p.start && p.at < p.end
	p.at += int64(len(b))
	if !inside {
		return nil
	}
	p.add(b)
	p.gcm.decrypt(b)
	_, err := p.out.Write(b)
	return err
}

// mark notes the sums as they are here, where this is a place to compare them.
func (p *pass) mark() {
	if slices.Contains(p.places, p.at) {
		p.tags[p.at] = p.tag()
	}
	if slices.Contains(p.places, p.at-tagSize) {
		p.sums[p.at-tagSize] = [md5.Size]byte(p.md5.Sum(nil))
	}
}

// there are the 16 bytes that stand at a place near the end.
func (p *pass) there(at int64) []byte {
	from := int64(len(p.tail)) - (p.at - at)
	if from < 0 || from+tagSize > int64(len(p.tail)) {
		return nil
	}
	return p.tail[from : from+tagSize]
}

// verified finds the place whose tag is right.
func (p *pass) verified() (at int64, ok bool) {
	for _, at := range p.places {
		if tag := p.tags[at]; bytes.Equal(tag[:], p.there(at)) {
			return at, true
		}
	}
	return 0, false
}

// summed says whether the MD5 behind the tag is right, or there is none.
func (p *pass) summed(at int64) bool {
	sum := p.sums[at]
	there := p.there(at + tagSize)
	return there == nil || bytes.Equal(sum[:], there)
}
