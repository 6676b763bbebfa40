package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
	"chatkeep/providers/storage"
)

// thawLine is what restore --json says of archives; fields are only added.
type thawLine struct {
	Type    string  `json:"type"`
	Objects int     `json:"objects"` // needed, and not to be read now
	Bytes   int64   `json:"bytes"`
	Asked   int     `json:"asked"` // of the objects, by an earlier run
	Tier    string  `json:"tier"`
	Days    int     `json:"days"`
	Seconds float64 `json:"estimated_seconds"` // that a thaw takes at most, most of the time; 0 where nobody knows
}

// tell says what is in archives, if anything that is needed is.
func (t *thawing) tell() error {
	pending := t.cold.pending(t.packs)
	if len(pending) == 0 {
		return nil
	}
	sum := t.cold.amount(pending, t.how.Tier)
	asked := len(t.cold.in(t.packs, storage.Thawing))
	t.c.Voice.Say("%s in archives of the store, %d of them asked for before; %s", sum, asked, t.cost(sum))
	return t.c.Voice.Object(thawLine{"thaw", sum.objects, sum.bytes, asked, string(t.how.Tier), t.how.Days, sum.longest.Seconds()})
}

func (s amount) String() string {
	return fmt.Sprintf("%s, %s,", session.Plural(int64(s.objects), "object", "objects"), session.Size(s.bytes))
}

// cost says what a thaw takes.
func (t *thawing) cost(sum amount) string {
	return fmt.Sprintf("a thaw (%s, for %s) takes %s and costs money", t.how.Tier, session.Plural(int64(t.how.Days), "day", "days"), span(sum))
}

func span(sum amount) string {
	switch hours := sum.longest.Hours(); {
	case sum.longest == 0:
		return "hours, often"
	case hours < 1:
		return fmt.Sprintf("about %d minutes", int(sum.longest.Minutes()))
	default:
		return fmt.Sprintf("up to %d hours", int(hours))
	}
}

// consent makes sure that a person wants the thaw.
func (t *thawing) consent(ctx context.Context) error {
	if t.agreed {
		return nil
	}
	sum := t.cold.amount(t.cold.in(t.packs, storage.Frozen), t.how.Tier)
	what := fmt.Sprintf("%s that this restore needs are in archives of the store; %s", sum, t.cost(sum))
	refused := session.Fail(exitLater, t.command("--thaw")+" asks for them and restores what is there already", "%s", what)
	terminal, err := t.c.Env.Terminal()
	if err != nil {
		return refused // nobody is there
	}
	defer terminal.Close()
	answer, err := terminal.Line(ctx, what+": ask for them? (yes or no)")
	if err != nil {
		return err
	}
	if t.agreed = slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer))); !t.agreed {
		return refused
	}
	return nil
}

// later says what is to come, and how to get it.
func (t *thawing) later(r *Report) *Waiting {
	sum := t.cold.amount(t.cold.pending(t.packs), t.how.Tier)
	return &Waiting{
		Entries: r.Waiting,
		Text:    fmt.Sprintf("%s asked for; a thaw takes %s", sum, span(sum)),
		Cure:    "run it again then, it goes on with what is there: " + t.command(),
	}
}

// command is the command line that goes on with this restore, of this snapshot
// even where a newer one is made meanwhile.
func (t *thawing) command(more ...string) string {
	words := []string{"chatkeep", "restore", session.Short(t.snapshot.Head.Hash)}
	for _, f := range t.c.Command.Flags {
		name := f.Names()[0]
		if !t.c.IsSet(name) || slices.Contains(more, "--"+name) || slices.Contains(perRun, name) {
			continue
		}
		switch f.(type) {
		case *cli.BoolFlag:
			if t.c.Bool(name) {
				words = append(words, "--"+name)
			}
		case *cli.StringSliceFlag:
			for _, value := range t.c.StringSlice(name) {
				words = append(words, "--"+name, quoted(value))
			}
		default:
			words = append(words, "--"+name, quoted(fmt.Sprint(t.c.Value(name))))
		}
	}
	return strings.Join(append(words, more...), " ")
}

// perRun are flags that are about one run, or about which snapshot was meant.
var perRun = []string{"json", "quiet", "verbose", "dry-run", "wait", "source", "host", "tag"}

// quoted is a word of a shell's command line.
func quoted(word string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:,=@%+", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// mine is what a target's file says of this restore.
func (t *thawing) mine() waiting {
	return waiting{"waiting", t.snapshot.Head.Hash, t.c.StringSlice("path"), t.c.StringSlice("with")}
}

// mark notes in the target that this restore is to go on. Where that cannot be
// noted, what is there is as good as ever.
func (t *thawing) mark(target string) {
	if err := writeWaiting(target, t.mine()); err != nil {
		t.c.Voice.Warn("%v: to go on takes --overwrite, and fetches everything once more", err)
	}
}
