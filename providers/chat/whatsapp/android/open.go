package android

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/crypt"
	"chatkeep/providers/internal/sqlite"
)

// open opens the database, and the names of contacts beside it.
func (s *source) open(ctx context.Context) (names map[string][]chat.Name, err error) {
	var key *crypt.Key
	if s.match.Route == RouteCrypt {
		key, err = s.openCrypt(ctx)
	} else {
		err = s.openPlain(ctx)
	}
	if err != nil {
		return nil, err
	}
	names, err = readContacts(ctx, s.fsys, s.place, key)
	if err != nil && ctx.Err() == nil {
		s.warnings = append(s.warnings, fmt.Sprintf("the names of contacts could not be read: %v", err))
	}
	return names, ctx.Err()
}

func (s *source) openPlain(ctx context.Context) error {
	db, err := sqlite.Open(ctx, s.fsys, s.match.Path)
	if err != nil {
		return err
	}
	s.store, s.close = &store{DB: db, name: s.match.Path}, db.Close
	s.warnings = append(s.warnings, db.Warnings...)
	return nil
}

// named puts the name of the file before an error that lacks it.
func named(name string, err error) error { return fmt.Errorf("%s: %w", name, err) }

// openCrypt decrypts the database, with a key that lies beside it or that is asked
// for.
func (s *source) openCrypt(ctx context.Context) (*crypt.Key, error) {
	name := s.match.Path
	f, err := crypt.OpenFile(s.fsys, name)
	if err != nil {
		return nil, named(name, err)
	}
	key, err := s.key(ctx, f)
	if err != nil {
		return nil, err
	}
	plain, warning, err := f.Decrypt(ctx, key)
	if err != nil {
		return nil, named(name, err)
	}
	if warning != "" {
		s.warnings = append(s.warnings, name+": "+warning)
	}
	db, err := sqlite.New(ctx, plain, nil)
	if err != nil {
		plain.Close()
		return nil, named(name, err)
	}
	s.store = &store{DB: db, name: name}
	s.close = func() error { return errors.Join(db.Close(), plain.Close()) }
	return key, nil
}

// maxKey bounds a key file, in bytes.
const maxKey = 64 << 10

// key finds the key of a backup. Of those that lie beside it, the first that opens it
// is taken.
func (s *source) key(ctx context.Context, f *crypt.File) (*crypt.Key, error) {
	for _, name := range s.place.find(s.fsys, "encrypted_backup.key", "key", "files/encrypted_backup.key", "files/key") {
		data, err := s.readKey(name)
		if err != nil {
			continue
		}
		if k, err := crypt.ParseKey(data); err == nil && f.Try(k) == nil {
			return k, nil
		} else if err != nil || s.options.Key == nil {
			s.warnings = append(s.warnings, fmt.Sprintf("%s: it does not open %s", name, s.match.Path))
		}
	}
	what := "64-digit key of " + path.Base(s.match.Path)
	if !f.EndToEnd {
		what = "key of " + path.Base(s.match.Path)
	}
	if s.options.Key == nil {
		return nil, s.noKey(f)
	}
	data, err := s.options.Key(ctx, what)
	if err != nil {
		return nil, named(s.match.Path, err)
	}
	if len(data) == 0 {
		return nil, s.noKey(f)
	}
	defer clear(data)
	k, err := crypt.ParseKey(data)
	if err == nil {
		err = f.Try(k)
	}
	if err != nil {
		return nil, named(s.match.Path, err)
	}
	return k, nil
}

func (s *source) readKey(name string) ([]byte, error) {
	f, err := s.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxKey))
}

// missing is the error of a backup that there is no key for.
type missing struct {
	name     string
	endToEnd bool
}

func (s *source) noKey(f *crypt.File) error { return &missing{s.match.Path, f.EndToEnd} }

func (e *missing) Error() string { return e.name + ": it is encrypted, and there is no key for it" }

// Hint tells how to give one.
func (e *missing) Hint() string {
	if e.endToEnd {
		return "--export-key-file FILE, with the 64 digits in it or the file encrypted_backup.key; chatkeep explain whatsapp tells where they are from"
	}
	return "--export-key-file FILE, with the file key of the phone, which needs root; or turn end-to-end encryption on in the app: see chatkeep explain whatsapp"
}

// Is says that it is one of a key.
func (e *missing) Is(target error) bool { return target == crypt.ErrNoKey }
