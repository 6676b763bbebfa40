package android

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/crypt"
	"chatkeep/providers/internal/sqlite"
)

// maxNames bounds the names that are held, in bytes.
const maxNames = 64 << 20

// contacts are names by address, out of wa.db.
type contacts struct {
	names map[string][]chat.Name
	left  int
}

// readContacts reads wa.db, as it is on the phone or as a backup that the key of the
// messages opens, too. Without it people are known by number, and by what they call
// themselves.
func readContacts(ctx context.Context, fsys fs.FS, at *place, key *crypt.Key) (map[string][]chat.Name, error) {
	c := &contacts{names: map[string][]chat.Name{}, left: maxNames}
	if plain := at.find(fsys, "wa.db", "databases/wa.db"); len(plain) > 0 {
		name := plain[0]
		db, err := sqlite.Open(ctx, fsys, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		defer db.Close()
		return c.names, c.read(&store{DB: db, name: name})
	}
	if key == nil {
		return nil, nil
	}
	names := at.find(fsys, "wa.db.crypt15", "wa.db.crypt14", "wa.db.crypt12", "Backups/wa.db.crypt15", "Backups/wa.db.crypt14", "Backups/wa.db.crypt12")
	var first error
	for _, name := range names {
		err := c.decrypt(ctx, fsys, name, key)
		if err == nil {
			return c.names, nil
		}
		first = errors.Join(first, fmt.Errorf("%s: %w", name, err))
	}
	return nil, first
}

func (c *contacts) decrypt(ctx context.Context, fsys fs.FS, name string, key *crypt.Key) error {
	f, err := crypt.OpenFile(fsys, name)
	if err != nil {
		return err
	}
	plain, _, err := f.Decrypt(ctx, key)
	if err != nil {
		return err
	}
	defer plain.Close()
	db, err := sqlite.New(ctx, plain, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	return c.read(&store{DB: db, name: name})
}

// read takes the names in: what the owner calls somebody, the name of a business that
// WhatsApp proved, what people call themselves.
func (c *contacts) read(s *store) error {
	for _, from := range []struct{ table, column, who string }{
		{"wa_contacts", "display_name", "contact"}, {"wa_vnames", "verified_name", "profile"}, {"wa_contacts", "wa_name", "profile"},
	} {
		for rows := range s.scan(from.table, "jid", from.column) {
			address, name := rows.Text(0), rows.Text(1)
			if name == "" || c.left < len(address)+len(name) {
				continue
			}
			c.left -= len(address) + len(name)
			c.names[address] = append(c.names[address], chat.Name{Value: name, From: from.who})
		}
	}
	return s.failed()
}
