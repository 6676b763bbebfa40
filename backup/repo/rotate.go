package repo

import (
	"context"
	"errors"
	"fmt"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
)

// Rotate begins a new epoch behind a new master, one of this repository that only
// the given slots open: all others count no more. What is written from then on is
// closed to whoever had the old master, and so is the new keyring. What was written
// before stays open to him.
//
// Writers that were not ended learn of the epoch by news, each sealed to the writer.
// After an error the change cannot be committed.
func (o *Owner) Rotate(ctx context.Context, master *keys.Master, slots []NewSlot) (err error) {
	defer func() { o.done = o.done || err != nil }()
	if master.Repository != o.master.Repository {
		return format.Fail(format.WrongRepository, "the new master", "it is of repository %s", master.Repository)
	}
	return o.rotate(ctx, master, slots)
}

func (o *Owner) rotate(ctx context.Context, master *keys.Master, slots []NewSlot) error {
	switch {
	case master.Classic() != o.authority.Classic:
		return errors.New("a repository stays hybrid or classic: its writers' keys are of that kind")
	case len(slots) == 0:
		return errors.New("a repository that no slot opens is lost")
	}
	epoch, err := o.ring.AddEpoch(o.authority.Classic)
	if err != nil {
		return err
	}
	for i := range o.authority.Writers {
		if err := o.tell(ctx, &o.authority.Writers[i], epoch); err != nil {
			return err
		}
	}
	o.authority.Epoch, o.authority.Slots, o.master = epoch, nil, master
	for _, slot := range slots {
		if err := o.AddSlot(ctx, slot); err != nil {
			return err
		}
	}
	return nil
}

// tell puts news of an epoch for a writer that may still write. The list of news is
// its own: authorities are copied with their lists.
func (o *Owner) tell(ctx context.Context, w *format.AuthorityWriter, epoch uint64) error {
	if w.Ended != nil || w.Role != format.RoleWriter {
		return nil
	}
	kept, ok := o.ring.Writer(w.ID)
	if !ok {
		return format.Fail(format.Missing, "writer "+w.ID.String(), "the keyring does not have it")
	}
	to, err := kept.Recipient()
	if err != nil {
		return err
	}
	_, recipient, _ := o.ring.Recipient(epoch)
	news := &format.News{Repository: o.authority.Label(), Writer: w.ID, N: 1, Epoch: epoch, Recipient: recipient}
	if n := len(w.News); n > 0 {
		news.N = w.News[n-1].N + 1
	}
	header := format.Header{Type: format.TypeNews, Repository: news.Repository, Epoch: epoch, Writer: w.ID}
	object, hash, err := sealData(header, news.Encode(), to)
	if err != nil {
		return fmt.Errorf("news for writer %s: %w", w.ID, err)
	}
	if err := o.put(ctx, format.NewsName(w.ID, news.N, hash), object); err != nil {
		return err
	}
	ref := format.NewsRef{N: news.N, SHA256: hash, Size: int64(len(object))}
	w.News = append(append([]format.NewsRef{}, w.News...), ref)
	return nil
}
