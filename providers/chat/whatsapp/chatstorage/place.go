package chatstorage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/text/unicode/norm"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/iosbackup"
	"chatkeep/providers/internal/plist"
	"chatkeep/providers/internal/sqlite"
)

// place is where the app's files are.
type place struct {
	fsys  fs.FS
	files string // the folder of the databases
	chat  string // the name of the database of chats, or "" where there is none
	media string // the folder of Media
	// where is the path of a file in the export.
	where    func(name string) (string, error)
	close    func() error
	warnings []string
}

// open finds the files of what was recognised.
func open(ctx context.Context, fsys fs.FS, m chat.Match) (*place, error) {
	if m.Route == RouteFolder {
		dir, name := path.Split(m.Path)
		p := &place{fsys: fsys, files: path.Clean(dir), chat: name, media: path.Join(dir, "Message")}
		if name == callsFile {
			p.chat = ""
		}
		p.where = func(name string) (string, error) { return name, nil }
		p.close = func() error { return nil }
		return p, nil
	}
	for _, a := range accounts {
		if at, ok := iosbackup.Locate(fsys, a.domain, path.Join(a.files, chatFile)); ok && at == m.Path {
			return inside(ctx, fsys, a)
		}
	}
	return nil, fmt.Errorf("%s: %w", m.Path, fs.ErrNotExist)
}

// inside opens the backup that an account's files are in.
func inside(ctx context.Context, fsys fs.FS, a account) (*place, error) {
	b, err := iosbackup.Open(ctx, fsys)
	if errors.Is(err, iosbackup.ErrEncrypted) {
		return nil, &locked{err}
	}
	if err != nil {
		return nil, err
	}
	d := b.Domain(a.domain)
	return &place{
		fsys: d, files: a.files, chat: chatFile, media: a.media,
		where: d.Where, close: b.Close, warnings: b.Warnings,
	}, nil
}

// locked is an encrypted backup.
type locked struct{ error }

func (l *locked) Unwrap() error { return l.error }

// Hint says what to do.
func (l *locked) Hint() string {
	return `turn off "Encrypt local backup" for the iPhone in Finder or iTunes and back it up again, ` +
		`or copy the folder ~/Library/Group Containers/group.net.whatsapp.WhatsApp.shared from a Mac that has WhatsApp`
}

// database opens a database of the app's folder. Without one it returns nil.
func (p *place) database(ctx context.Context, name string) (*sqlite.DB, error) {
	if p.chat != chatFile && p.chat != "" && name != p.chat {
		return nil, nil // a database of a name of its own: what lies beside it need not be its
	}
	db, err := sqlite.Open(ctx, p.fsys, path.Join(p.files, name))
	if errors.Is(err, fs.ErrNotExist) && name != p.chat {
		return nil, nil
	}
	return db, err
}

// maxSettings bounds the app's settings, which take some 50 KiB.
const maxSettings = 4 << 20

// settings are the app's settings, or nothing.
func (p *place) settings() map[string]any {
	if p.chat != chatFile && p.chat != "" {
		return nil
	}
	for _, app := range []string{"WhatsApp", "WhatsAppSMB"} {
		f, err := p.fsys.Open(path.Join(p.files, "Library/Preferences/group.net.whatsapp."+app+".shared.plist"))
		if err != nil {
			continue
		}
		data, _ := io.ReadAll(io.LimitReader(f, maxSettings))
		f.Close()
		if v, err := plist.Parse(data); err == nil {
			m, _ := v.(map[string]any)
			return m
		}
		p.warnings = append(p.warnings, "the app's settings are not understood")
	}
	return nil
}

// inMedia is the path of a file of messages, or "" where what the database says is
// no path in the app's folder.
func (p *place) inMedia(local string) string {
	if i := strings.LastIndex(local, "Message/Media/"); i >= 0 {
		local = local[i+len("Message/"):]
	}
	local = strings.TrimLeft(local, "/")
	if !fs.ValidPath(local) || local == "." {
		return ""
	}
	return path.Join(p.media, local)
}

// stat finds a file under any spelling of its name, and tells where it is in the
// export.
func (p *place) stat(name string) (at string, info fs.FileInfo, err error) {
	for _, spelling := range []string{name, norm.NFC.String(name), norm.NFD.String(name)} {
		if info, err = fs.Stat(p.fsys, spelling); err == nil {
			at, err = p.where(spelling)
			return at, info, err
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return "", nil, err
}
