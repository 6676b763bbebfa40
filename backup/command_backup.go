package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
)

func backupCommand(env *session.Env, chats []chat.Provider) *cli.Command {
	own := slices.Concat(sourceFlags(), backupFlags(), streamFlags(), session.SecretFlags())
	return &cli.Command{
		Name: "backup", Category: session.TakeIn, ArgsUsage: "[SOURCE|PATH…]", Usage: "store exports, and the files around them",
		Description: "Each PATH, a file or a folder, becomes a snapshot. Exports in it are recognised and\n" +
			"their messages parsed; everything is kept byte for byte. SOURCE is the name of one in the\n" +
			"configuration file, with all that this says of it; a path of that name goes first. No\n" +
			"passphrase is asked for: this machine's key can write and not read.\n\n" +
			"  chatkeep backup ~/Downloads/\"WhatsApp Chat - Anna.zip\"\n" +
			"  chatkeep backup phone\n" +
			"  chatkeep backup ~/Exports --repo s3://bucket/chats --as exports --no-videos\n" +
			"  chatkeep backup ~/Exports --repo s3://bucket/chats --storage-class media=GLACIER\n\n" +
			"What a program prints becomes one file, which is not parsed. Behind a pipe nobody hears\n" +
			"that the program failed; with --stdin-from-command nothing is stored then.\n\n" +
			"  mysqldump chats | chatkeep backup --stdin --as chats.sql\n" +
			"  chatkeep backup --stdin-from-command --as chats.sql -- mysqldump chats",
		Flags: env.RepositoryFlags(append(own, session.Yes(), session.DryRun())...),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			if _, err := packSize(c); err != nil {
				return err
			}
			if _, err := c.Classes(); err != nil {
				return err
			}
			if c.Bool(stdinFlag) || c.Bool(commandFlag) {
				return backupStream(ctx, c, chats)
			}
			wanted, err := wantedOf(c, chats)
			if err != nil {
				return err
			}
			if c.DryRun() {
				return dryRun(ctx, c, chats, wanted)
			}
			sources, failed, err := ready(ctx, c, chats, wanted)
			if err != nil {
				return err
			}
			if len(sources) == 0 {
				return joined(failed)
			}
			there, err := destination(c, wanted)
			if err != nil {
				return err
			}
			defer there.Close()
			if err := backupAll(ctx, there, sources); err != nil {
				failed = append(failed, err)
			}
			return joined(failed)
		}),
	}
}

func backupFlags() []cli.Flag {
	return append(selectFlags(),
		&cli.StringFlag{Name: "as", Usage: "`NAME` of the source, which its snapshots share (default the path, or the source's own)"},
		&cli.StringFlag{Name: "source", Usage: "take the source `NAME` of the configuration file, whatever path has its name; or, with PATH, this of it as it is"},
		&cli.StringFlag{Name: "pack-size", Usage: "`SIZE` of the objects that are stored, 1MiB to 128MiB (default 16MiB)"},
		&cli.StringSliceFlag{Name: "storage-class", Usage: "the `CLASS` in which the store keeps media and originals, or of one kind: originals=GLACIER;\n" +
			"kinds are messages, media, originals, meta; several with commas between, or repeated"})
}

// selectFlags say what of a source to take, and what its snapshots are called.
func selectFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "tag", Usage: "give the snapshot this `TAG`; may be repeated"},
		&cli.StringFlag{Name: "host", Usage: "`NAME` of the machine the source is from (default this one's)"},
		&cli.StringSliceFlag{Name: "exclude", Usage: "leave out what matches this shell `PATTERN`; may be repeated"},
		&cli.StringSliceFlag{Name: "include", Usage: "take what matches `PATTERN` in spite of --exclude; may be repeated"},
		&cli.StringFlag{Name: "exclude-larger-than", Usage: "leave out files above this `SIZE`, as 100MiB"},
		&cli.BoolFlag{Name: "no-videos", Usage: "leave out videos"},
		&cli.BoolFlag{Name: "one-file-system", Usage: "do not cross into other file systems"},
	}
}

// ownTag refuses a tag that means something to chatkeep itself.
func ownTag(tag string) error {
	if strings.HasPrefix(tag, format.TagPrefix) {
		return fmt.Errorf("tags that begin with %s are chatkeep's own", format.TagPrefix)
	}
	return nil
}

const (
	minPackSize = 1 << 20
	maxPackSize = 128 << 20
)

func packSize(c *session.Call) (int, error) {
	n, err := c.Size("pack-size")
	if err == nil && n != 0 && (n < minPackSize || n > maxPackSize) {
		err = session.Usage("--pack-size: from 1MiB to 128MiB")
	}
	return int(n), err
}

// backupAll makes a snapshot of each source. One that is empty or cannot be read
// does not keep the others from being stored.
func backupAll(ctx context.Context, c *session.Call, sources []Source) error {
	w, err := c.OpenOrCreate(ctx)
	if err != nil {
		return err
	}
	classes, err := c.Classes()
	if err != nil {
		return err
	}
	if err := w.CheckClasses(classes); err != nil {
		return err
	}
	var failed []error
	for _, src := range sources {
		err := backupOne(ctx, c, w, src)
		if err != nil && !alone(err) {
			return err
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	return joined(failed)
}

// alone says whether an error is one source's, and keeps no other from being stored.
func alone(err error) bool {
	var nothing *Nothing
	var unfinished *session.Failure
	return errors.As(err, &nothing) || errors.As(err, &unfinished) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

// joined makes one error of several; one alone stays what it is.
func joined(failed []error) error {
	if len(failed) == 1 {
		return failed[0]
	}
	return errors.Join(failed...)
}

// maxRuns is how often a backup is run where packs go away under it.
const maxRuns = 3

// backupOne makes a snapshot of a source. A run that slept for days, while a
// pruner worked, finds at its end that packs are gone which it refers to. What
// was in them is in the source: it is run again, and ends well only when
// everything is there.
func backupOne(ctx context.Context, c *session.Call, w *session.Writable, src Source) error {
	if err := spare(c, w.Root(), &src); err != nil {
		return err
	}
	for run := 1; ; run++ {
		err := backupOnce(ctx, c, w, src)
		var gone *repo.Unsettled
		if run == maxRuns || !errors.As(err, &gone) {
			return err
		}
		c.Voice.Warn("%v: running again, to store anew what is missing", gone.Err)
		if err := w.Reload(ctx); err != nil {
			return err
		}
	}
}

func backupOnce(ctx context.Context, c *session.Call, w *session.Writable, src Source) error {
	size, err := packSize(c)
	if err != nil {
		return err
	}
	classes, err := c.Classes()
	if err != nil {
		return err
	}
	s, key, err := w.Begin(ctx, repo.SessionOptions{PackSize: size, Classes: classes})
	if err != nil {
		return err
	}
	defer s.Close()
	clock := c.Env.Clock
	started, requests := clock.Now(), w.Requests()
	options := Options{
		Now: clock.Now, Program: "chatkeep " + session.Version(),
		Progress: func(p Progress) { c.Voice.Progress(p.Bytes, p.TotalBytes, p.Path) },
	}
	if src.Stream == nil {
		what := fmt.Sprintf("%q %q", src.fullPath(), src.App)
		options.Files = w.Memory.Table("files "+what, key.IndexIdentity(), key.IndexRecipient())
		options.Exports = w.Memory.Table("exports "+what, key.IndexIdentity(), key.IndexRecipient())
	}
	report, err := Run(ctx, src, s, options)
	if err != nil {
		return err
	}
	err = tellStored(c, &src, report, w.Requests()-requests, clock.Now().Sub(started))
	if shrunk := heed(c, w.Memory, &src, report); shrunk != nil {
		if err != nil {
			c.Voice.Warn("%v", err)
		}
		return shrunk
	}
	return err
}

// spare keeps a repository in a folder out of a backup of that folder: it would
// grow with every run.
func spare(c *session.Call, root string, src *Source) error {
	if root == "" || src.Stream != nil {
		return nil
	}
	path, err := filepath.Abs(src.Path)
	if err != nil {
		return err
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	if session.Within(root, path) {
		return session.Fail(session.ExitUsage, "", "%s is part of the repository itself", src.Path)
	}
	if !session.Within(path, root) {
		return nil
	}
	inside, err := filepath.Rel(path, root)
	if err != nil {
		return err
	}
	c.Voice.Say("note: the repository itself, %s, is left out", inside)
	src.Select.Exclude = append(src.Select.Exclude, "/"+literal(filepath.ToSlash(inside)))
	return nil
}

// literal writes a path as a pattern that matches it alone.
func literal(path string) string {
	var pattern []rune
	for _, r := range path {
		switch r {
		case '*', '?', '[', ']', '\\':
			pattern = append(pattern, '\\')
		}
		pattern = append(pattern, r)
	}
	return string(pattern)
}

// tellStored says what a backup stored.
func tellStored(c *session.Call, src *Source, r *Report, requests int64, took time.Duration) error {
	shown(r.Conversations,
		func(one *ConversationReport) { c.Voice.Say("%s", conversationLine(one)) },
		func(n int) { c.Voice.Say("and %s more conversations", session.Count(int64(n))) })
	if r.ExportsUnchanged {
		c.Voice.Say("%s, %s: the exports are those of the last run, and were not parsed again",
			session.Plural(r.ConversationCount, "conversation", "conversations"), session.Plural(r.Messages, "message", "messages"))
	}
	unfinished := finished(r.Unreadable, r.Unparsed, "the snapshot is there; what could be read is in it")
	tellWarnings(c, r.Warnings, r.Troubles, unfinished != nil || r.Changed > 0)
	c.Voice.Say("%s, %s · stored %s new (%s) · snapshot %s · %s",
		session.Plural(r.Files, "file", "files"), session.Size(r.Bytes), session.Size(r.BytesNew),
		session.Plural(r.Chunks, "chunk", "chunks"), session.Short(r.Snapshot), session.Span(took))
	if r.Sequence == 1 {
		c.Voice.Say("next: chatkeep snapshots · chatkeep check · keep the recovery key off this machine")
	}
	if err := c.Voice.Object(storedOf(src, r, requests, took)); err != nil {
		return err
	}
	return unfinished
}

// tellWarnings says the troubles among warnings, and where aloud is set the others,
// too: cron need not hear every night that an export tells no time zone. In JSON
// they stand in the summary.
func tellWarnings(c *session.Call, warnings, troubles []string, aloud bool) {
	for _, w := range troubles {
		c.Voice.Warn("%s", w)
	}
	tell := c.Voice.Say
	if aloud && !c.Voice.JSON() {
		tell = c.Voice.Warn
	}
	others := slices.DeleteFunc(slices.Clone(warnings), func(w string) bool { return slices.Contains(troubles, w) })
	shown(others,
		func(w string) { tell("%s", w) },
		func(n int) { tell("and %s more; --json has them all", session.Count(int64(n))) })
}

// finished is the error of a backup that is not whole, or in a dry run would not be.
// Cure is what to say of the files that could not be read.
func finished(unreadable, unparsed int64, cure string) error {
	switch {
	case unreadable > 0 && unparsed > 0:
		return session.Fail(session.ExitIncomplete, cure, "%s could not be read, and %s not parsed",
			session.Plural(unreadable, "file", "files"), session.Plural(unparsed, "record was", "records were"))
	case unreadable > 0:
		return session.Fail(session.ExitIncomplete, cure, "%s could not be read", session.Plural(unreadable, "file", "files"))
	case unparsed > 0:
		return session.Fail(session.ExitIncomplete, "they are kept as they are, and the export itself too",
			"%s not parsed", session.Plural(unparsed, "record was", "records were"))
	}
	return nil
}
