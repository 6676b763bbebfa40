package repo

import (
	"context"
	"slices"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/providers/storage"
)

// mayWrite returns what the authority says of a key that may write.
func (v *View) mayWrite(key *keys.Writer) (*format.AuthorityWriter, error) {
	if err := v.Ended(); err != nil {
		return nil, err
	}
	for i := range v.Authority.Writers {
		w := &v.Authority.Writers[i]
		if w.ID != key.ID {
			continue
		}
		if w.Ended != nil || w.Role != format.RoleWriter {
			e := format.Fail(format.WrongWriter, "this machine's writer key", "the owner ended it")
			e.Cure = "chatkeep writer add enrols this machine anew"
			return nil, e
		}
		return w, nil
	}
	e := format.Fail(format.WrongWriter, "this machine's writer key", "the repository's authority does not name it")
	e.Cure = "chatkeep writer add enrols this machine"
	return nil, e
}

// MayWrite returns an error that says why a backup with the key would be refused, nil
// where it would not.
func (v *View) MayWrite(ctx context.Context, store storage.Reader, key *keys.Writer, memory Memory) error {
	w, err := v.mayWrite(key)
	if err == nil {
		_, err = v.caughtUp(ctx, &objects{store, memory}, key, w)
	}
	return err
}

// caughtUp returns the key in the repository's epoch, which it enters by the
// newest news for this writer. The authority, which the root key signed, names
// them by their hash; nothing else may change where a machine encrypts to.
func (v *View) caughtUp(ctx context.Context, source *objects, key *keys.Writer, w *format.AuthorityWriter) (*keys.Writer, error) {
	now := v.Authority.Epoch
	if key.Epoch >= now {
		return key, nil
	}
	for _, ref := range slices.Backward(w.News) {
		news, err := v.readNews(ctx, source, key, format.Name{Type: format.ObjectNews, Writer: key.ID, N: ref.N, Hash: ref.SHA256})
		if err != nil {
			return nil, err
		}
		if news.Epoch == now {
			entered := *key // the caller's key stays what its file says
			return &entered, entered.Enter(news.Epoch, news.Recipient)
		}
	}
	// What it wrote would be open to whom the owner means to lock out.
	e := format.Fail(format.WrongKey, "this machine's writer key", "it is of epoch %d, the repository has begun epoch %d, and no news tells of it", key.Epoch, now)
	e.Cure = "chatkeep writer add enrols this machine anew"
	return nil, e
}

func (v *View) readNews(ctx context.Context, source *objects, key *keys.Writer, name format.Name) (*format.News, error) {
	return cached(ctx, source, name, format.MaxObject, func(object []byte) (*format.News, error) {
		data, err := openSealed(name.String(), object, format.TypeNews, v.Label(), format.MaxNews, key.IndexIdentity())
		if err != nil {
			return nil, err
		}
		news, err := format.ParseNews(data)
		if err != nil {
			return nil, format.At(name.String(), err)
		}
		if news.Repository != v.Label() {
			return nil, format.Fail(format.WrongRepository, name.String(), "it is of repository %s", news.Repository)
		}
		return news, format.CheckNewsPlace(name, news)
	})
}
