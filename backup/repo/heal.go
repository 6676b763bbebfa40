package repo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/klauspost/reedsolomon"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// healer makes packs again of parity and of what is left of the other packs of a
// group. It needs no key: what comes out has the hash that the pack's name says,
// or counts for nothing. It takes memory for the rows of a group, the pack that is
// made, and one more.
type healer struct {
	store storage.Reader
	label format.Hash // of the repository
	code  reedsolomon.Encoder
	// groups are the parity objects by the packs they are over, read when first
	// asked.
	groups map[format.Hash][]group
}

// group is a row of parity, by its object's name.
type group struct {
	name  format.Name
	row   int
	packs []format.Ref
}

func newHealer(store storage.Reader, label format.Hash) *healer {
	return &healer{store: store, label: label}
}

// of says whose parity it is.
func (h *healer) of(label format.Hash) {
	if h.label != label {
		h.label, h.groups = label, nil
	}
}

// get makes a pack; nil where that is not possible.
func (h *healer) get(ctx context.Context, name format.Name) ([]byte, error) {
	if name.Type != format.ObjectPack {
		return nil, nil
	}
	if err := h.load(ctx); err != nil {
		return nil, err
	}
	for _, g := range h.groups[name.Hash] {
		if g.row != 0 && sameGroup(h.groups[name.Hash][0], g) {
			continue // it was tried with its first row
		}
		data, err := h.heal(ctx, g, name.Hash)
		if err != nil || data != nil {
			return data, err
		}
	}
	return nil, nil
}

func sameGroup(a, b group) bool {
	if len(a.packs) != len(b.packs) || a.name == b.name {
		return false
	}
	for i := range a.packs {
		if a.packs[i] != b.packs[i] {
			return false
		}
	}
	return true
}

// load reads the headers of all parity objects.
func (h *healer) load(ctx context.Context) (err error) {
	if h.groups != nil {
		return nil
	}
	if h.code, err = newParityCode(); err != nil {
		return err
	}
	names, err := list(ctx, h.store, format.ParityDir)
	if err != nil {
		return err
	}
	h.groups = map[format.Hash][]group{}
	for _, name := range names {
		p, err := readParityHeader(ctx, h.store, name)
		if format.ClassOf(err) != "" || err == nil && p.Repository != h.label {
			continue // it costs healing power, and nothing else
		}
		if err != nil {
			return err
		}
		for _, ref := range p.Packs {
			all := append(h.groups[ref.SHA256], group{name, p.Row, p.Packs})
			for i := len(all) - 1; i > 0 && all[i].row < all[i-1].row; i-- {
				all[i], all[i-1] = all[i-1], all[i]
			}
			h.groups[ref.SHA256] = all
		}
	}
	return nil
}

// readParityHeader reads which packs a parity object is over.
func readParityHeader(ctx context.Context, store storage.Reader, name format.Name) (*format.Parity, error) {
	what := name.String()
	info, err := store.Stat(ctx, what)
	if err != nil {
		return nil, missingIs(what, err)
	}
	body, err := store.Get(ctx, what, 0, min(info.Size, format.MaxParityHeader))
	if err != nil {
		return nil, missingIs(what, err)
	}
	defer body.Close()
	head, err := io.ReadAll(body)
	if err != nil {
		return nil, missingIs(what, err)
	}
	p, _, err := format.ParseParityHeader(head)
	return p, format.At(what, err)
}

// missingIs gives an error of a store that an object is gone, or was cut short,
// its class.
func missingIs(what string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return format.Fail(format.Missing, what, "the store does not have it")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return format.Fail(format.Truncated, what, "the store delivers less than all of it")
	}
	return err
}

// healing is a group while a pack of it is made: the rows, from which all that is
// whole is taken away, so that they hold what is not, and that by the block.
type healing struct {
	h       *healer
	packs   []format.Ref
	sums    [][]format.BlockSum
	rows    [format.ParityRows][]byte // nil where there is none
	lost    [][]bool                  // by column, then block
	column  int                       // of the pack that is made
	healed  []byte
	longest int
	scratch []byte // in place of a row that is not there
}

// heal makes one pack of a group, or returns nil.
func (h *healer) heal(ctx context.Context, g group, pack format.Hash) ([]byte, error) {
	w := &healing{h: h, packs: g.packs}
	if err := w.load(ctx, g, pack); err != nil || w.sums == nil {
		return nil, err
	}
	var buf []byte
	for column, ref := range w.packs {
		data, err := h.fetch(ctx, buf, ref)
		if err != nil {
			return nil, err
		}
		if err := w.take(column, data); err != nil {
			return nil, err
		}
		buf = data
	}
	if err := w.solve(); err != nil {
		return nil, nil // more is lost than the rows can tell
	}
	if format.Sum(w.healed) != pack {
		return nil, nil
	}
	return w.healed, nil
}

// load reads the rows of the group that are whole.
func (w *healing) load(ctx context.Context, g group, pack format.Hash) error {
	for column, ref := range g.packs {
		w.lost = append(w.lost, make([]bool, format.Blocks(ref.Size)))
		if ref.SHA256 == pack {
			w.column, w.healed = column, make([]byte, ref.Size)
		}
	}
	for _, other := range w.h.groups[pack] {
		if other.name != g.name && !sameGroup(g, other) {
			continue
		}
		object, err := (&objects{store: w.h.store}).get(ctx, other.name, format.MaxParity)
		if err != nil && format.ClassOf(err) == "" {
			return err
		}
		var p *format.Parity
		if err == nil {
			p, err = format.ParseParity(object)
		}
		if err != nil {
			continue
		}
		w.sums, w.rows[p.Row], w.longest = p.Sums, p.Data, len(p.Data)
	}
	return nil
}

// fetch reads a pack as far as the store gives it, whatever its bytes.
func (h *healer) fetch(ctx context.Context, buf []byte, ref format.Ref) ([]byte, error) {
	body, err := h.store.Get(ctx, format.PackName(ref.SHA256), 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return buf[:0], nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	buf = roomy(buf, int(ref.Size))[:ref.Size]
	n, err := io.ReadFull(body, buf)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
		return nil, fmt.Errorf("reading %s to heal another: %w", format.PackName(ref.SHA256), err)
	}
	return buf[:n], nil
}

// take takes the blocks of a pack that are whole out of the rows, and notes those
// that are not.
func (w *healing) take(column int, data []byte) error {
	for i := range w.lost[column] {
		at := i * format.ParityBlock
		end := min(at+format.ParityBlock, int(w.packs[column].Size))
		if end > len(data) || format.SumBlock(data[at:end]) != w.sums[column][i] {
			w.lost[column][i] = true
			continue
		}
		block := data[at:end]
		if column == w.column {
			copy(w.healed[at:], block)
		}
		if err := w.h.code.EncodeIdx(block, column, w.part(at, end)); err != nil {
			return err
		}
	}
	return nil
}

// part is a part of each row; of one that is not there, room for what nobody
// wants.
func (w *healing) part(at, end int) [][]byte {
	parts := make([][]byte, len(w.rows))
	for i, row := range w.rows {
		if row == nil {
			w.scratch = roomy(w.scratch, format.ParityBlock)[:format.ParityBlock]
			parts[i] = w.scratch[:end-at]
		} else {
			parts[i] = row[at:end]
		}
	}
	return parts
}

var errTooMuchLost = errors.New("more is lost than parity can tell")

// solve finds the lost blocks of the pack. In the rows there is nothing left but
// the lost blocks, so that all others count as zero.
func (w *healing) solve() error {
	zero := make([]byte, format.ParityBlock)
	for i := range w.lost[w.column] {
		if !w.lost[w.column][i] {
			continue
		}
		at := i * format.ParityBlock
		end := min(at+format.ParityBlock, w.longest)
		shards := make([][]byte, format.ParityColumns+format.ParityRows)
		for c := range format.ParityColumns {
			if c >= len(w.lost) || i >= len(w.lost[c]) || !w.lost[c][i] {
				shards[c] = zero[:end-at]
			}
		}
		for r, row := range w.rows {
			if row != nil {
				shards[format.ParityColumns+r] = row[at:end]
			}
		}
		if err := w.h.code.ReconstructData(shards); err != nil {
			return errors.Join(errTooMuchLost, err)
		}
		copy(w.healed[at:], shards[w.column])
	}
	return nil
}

// DeadParity returns those of a store's parity objects that can heal nothing any
// more, since every pack that they are over is gone for good, as gone says. One
// whose header is damaged is not among them.
func DeadParity(ctx context.Context, store storage.Reader, names []format.Name, gone func(pack format.Hash) bool) ([]format.Name, error) {
	var dead []format.Name
	for _, name := range names {
		if name.Type != format.ObjectParity {
			continue
		}
		p, err := readParityHeader(ctx, store, name)
		if err != nil && format.ClassOf(err) == "" {
			return dead, err
		}
		alive := err != nil
		for i := 0; err == nil && i < len(p.Packs); i++ {
			alive = alive || !gone(p.Packs[i].SHA256)
		}
		if !alive {
			dead = append(dead, name)
		}
	}
	return dead, nil
}
