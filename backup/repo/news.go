package repo

import (
	"context"
	"slices"

	"chatkeep/backup/format"
)

// catchUp enters the repository's epoch, by the newest news for this writer. The
// authority, which the root key signed, names them by their hash; nothing else
// may change where a machine encrypts to.
func (s *Session) catchUp(ctx context.Context) error {
	now := s.view.Authority.Epoch
	if s.key.Epoch >= now {
		return nil
	}
	for _, ref := range slices.Backward(s.chain.Writer.News) {
		news, err := s.readNews(ctx, format.Name{Type: format.ObjectNews, Writer: s.key.ID, N: ref.N, Hash: ref.SHA256})
		if err != nil {
			return err
		}
		if news.Epoch == now {
			entered := *s.key // the caller's key stays what its file says
			s.key = &entered
			return s.key.Enter(news.Epoch, news.Recipient)
		}
	}
	// What it wrote would be open to whom the owner means to lock out.
	e := format.Fail(format.WrongKey, "this machine's writer key", "it is of epoch %d, the repository has begun epoch %d, and no news tells of it", s.key.Epoch, now)
	e.Cure = "chatkeep writer add enrols this machine anew"
	return e
}

func (s *Session) readNews(ctx context.Context, name format.Name) (*format.News, error) {
	return cached(ctx, &objects{s.store, s.memory}, name, format.MaxObject, func(object []byte) (*format.News, error) {
		data, err := openSealed(name.String(), object, format.TypeNews, s.view.ID, format.MaxNews, s.key.IndexIdentity())
		if err != nil {
			return nil, err
		}
		news, err := format.ParseNews(data)
		if err != nil {
			return nil, format.At(name.String(), err)
		}
		if news.Repository != s.view.ID {
			return nil, format.Fail(format.WrongRepository, name.String(), "it is of repository %s", news.Repository)
		}
		return news, format.CheckNewsPlace(name, news)
	})
}
