package restore

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

func openCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "open", ArgsUsage: "PLACE", Category: session.SetUp, Usage: "let a new machine read a repository",
		Description: "Opens the repository at PLACE with the passphrase, the recovery key or --identity, and\n" +
			"shows what is there. The machine remembers the place and the id, as the repository of\n" +
			"commands that are not told one, unless it has such a repository. Where the secret does\n" +
			"not open it, nothing is remembered.\n\n" +
			"  chatkeep open s3://bucket/chats --s3-endpoint https://s3.example.org\n" +
			"  chatkeep open /media/disk/chats --identity ~/.ssh/id_ed25519 --id ID",
		Flags: env.PlaceFlags(session.IdentityFlag(),
			&cli.StringFlag{Name: "name", Usage: "write it into the configuration file under this `NAME`, by which --repo finds it"},
			session.DryRun()),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			switch {
			case c.Arg(0) == "":
				return session.Usage("PLACE is empty")
			case c.IsSet("name") && c.String("name") == "":
				return session.Usage("--name is empty")
			}
			at := c.At(c.Arg(0))
			defer at.Close()
			// What is wrong with the file is known before a secret is asked for.
			if _, err := at.ConfigToChange(); err != nil {
				return err
			}
			a, r, err := at.Meet(ctx)
			if err != nil {
				return err
			}
			kept, err := a.Adopt(c.String("name"))
			if err != nil {
				return session.Fail(session.ExitFailed, session.HintOf(err), "the repository was opened, and not written into the configuration file: %v", err)
			}
			return tellOpened(ctx, c, a, r, kept)
		}),
	}
}

// openedSummary is what open --json prints; fields are only added.
type openedSummary struct {
	Type       string       `json:"type"`
	Repository format.Hash  `json:"repository"`
	Place      string       `json:"place"`
	Keys       []string     `json:"keys"`
	Authority  statement    `json:"authority"`
	Head       *shownHead   `json:"head,omitempty"`
	Snapshots  int          `json:"snapshots"`
	Latest     *shownLatest `json:"latest,omitempty"`
	Name       string       `json:"name,omitempty"`
	Default    bool         `json:"default"`
	File       string       `json:"file,omitempty"`
	DryRun     bool         `json:"dry_run,omitempty"`
}

// statement is the newest authority.
type statement struct {
	Number uint64      `json:"number"`
	SHA256 format.Hash `json:"sha256"`
}

// shownHead is the newest head of all.
type shownHead struct {
	Writer   format.Hash `json:"writer"`
	Sequence uint64      `json:"sequence"`
	SHA256   format.Hash `json:"sha256"`
	Time     string      `json:"time,omitempty"`
}

// shownLatest is the snapshot that a restore would take.
type shownLatest struct {
	ID     format.Hash `json:"id"`
	Time   string      `json:"time,omitempty"`
	Source string      `json:"source"`
	Host   string      `json:"host"`
}

func tellOpened(ctx context.Context, c *session.Call, a *session.Archive, r *repo.Reader, kept session.Adopted) error {
	v, authority := c.Voice, a.View.Authority
	s := openedSummary{Type: "summary", Repository: a.ID(), Place: a.Place, Keys: []string{},
		Authority: statement{authority.N, a.View.AuthorityHash}, Snapshots: len(r.Heads()),
		Name: kept.Name, Default: kept.Default, File: kept.File, DryRun: c.DryRun()}
	v.Print("repository %s at %s", s.Repository, s.Place)
	for _, slot := range authority.Slots {
		v.Print("key        %s, %s", slot.Name, slot.Kind)
		s.Keys = append(s.Keys, slot.Name)
	}
	v.Print("authority  %d, %s", s.Authority.Number, s.Authority.SHA256)
	if h := a.View.Newest(); h != nil {
		v.Print("head       %d of writer %s, %s, %s", h.Seq, session.Short(h.Writer), session.Moment(h.At()), h.Hash)
		s.Head = &shownHead{h.Writer, h.Seq, h.Hash, session.Time(h.At())}
	}
	if err := tellLatest(ctx, c, r, &s); err != nil {
		return err
	}
	tellAdopted(c, a, kept)
	return v.Object(s)
}

// tellLatest says how many snapshots there are, and how old the one is that a
// restore would take.
func tellLatest(ctx context.Context, c *session.Call, r *repo.Reader, s *openedSummary) error {
	if s.Snapshots == 0 {
		c.Voice.Print("no snapshot")
		return nil
	}
	h, err := Find(ctx, r, "latest", Filter{})
	var none *session.Failure
	if errors.As(err, &none) { // all of them carried
		c.Voice.Print("%s", session.Plural(int64(s.Snapshots), "snapshot", "snapshots"))
		return nil
	}
	if err != nil {
		return err
	}
	m, err := r.Manifest(ctx, h)
	if err != nil {
		return err
	}
	c.Voice.Print("%s, the latest %s of %s, %s", session.Plural(int64(s.Snapshots), "snapshot", "snapshots"),
		session.Short(h.Hash), m.Source.Name, h.Age(c.Env.Clock.Now()))
	s.Latest = &shownLatest{h.Hash, session.Time(h.At()), m.Source.Name, m.Source.Host}
	return nil
}

// tellAdopted says which commands go there from now on, and what to do next.
func tellAdopted(c *session.Call, a *session.Archive, kept session.Adopted) {
	repo := ""
	switch {
	case kept.Default:
	case kept.Name != "":
		repo = " --repo " + kept.Name
	default:
		repo = " --repo " + quoted(a.Place)
	}
	if c.DryRun() {
		if kept.File != "" {
			c.Voice.Print("would name it %s in %s", kept.Name, kept.File)
		}
		return
	}
	if kept.File != "" {
		c.Voice.Say("named %s in %s", kept.Name, kept.File)
	}
	switch {
	case kept.Other != "" && kept.Name != "":
		c.Voice.Say("commands that are not told a repository still go to %s", kept.Other)
	case kept.Other != "":
		c.Voice.Say("commands that are not told a repository still go to %s; with --name NAME this one has a name, too", kept.Other)
	}
	c.Voice.Say("next: chatkeep restore latest%s --target DIR · chatkeep writer add%s, to back up from this machine", repo, repo)
}
