package session

import (
	"cmp"
	"context"
	"path/filepath"
	"strings"

	"chatkeep/backup/repo"
	"chatkeep/providers/storage"
)

const (
	witnessFlag = "witness"
	// What a flag for the witness's place would begin with. There is none: its
	// settings are those of the environment, or of the repository of that name in
	// the configuration file, and never those of the place that it watches.
	witnessPrefix = witnessFlag + "-"
)

// witness is the second place that gets each signed statement of a repository.
type witness struct {
	text      string        // as it was named; "" where there is none
	place     string        // for people
	store     *repo.Witness // nil where it could not be opened
	testimony *repo.Testimony
	unheard   error // why it tells nothing
}

var errOwnWitness error = Usage("the repository and its witness are the same place, or one is in the other")

// nameWitness lets the flag and the environment say which witness a repository has.
func (c *Call) nameWitness(p *place) error {
	switch {
	case c.unasked:
		p.witness = ""
	case c.String(witnessFlag) != "":
		p.witness = c.String(witnessFlag)
	case c.IsSet(witnessFlag):
		return Usage("--%s is empty", witnessFlag)
	case c.Env.Getenv(envWitness) != "":
		p.witness = c.Env.Getenv(envWitness)
	}
	return nil
}

// askWitness asks the repository's witness for what it has seen. It comes before the
// repository is looked at: what the witness has by then was there before. That it
// does not answer is told when the repository is judged, and stops nobody: who lost
// all else must not depend on it.
func (a *Archive) askWitness(ctx context.Context, create bool) error {
	if a.witness.text == "" {
		return nil
	}
	a.call.witnessed = append(a.call.witnessed, a)
	err := a.openWitness(ctx, create)
	if err == nil {
		a.testimony, err = a.witness.store.Ask(ctx)
	}
	return a.cannotHear(ctx, err)
}

// cannotHear keeps an error that is the witness's own, and returns any other.
func (a *Archive) cannotHear(ctx context.Context, err error) error {
	a.unheard = err
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if exitCode(err) == ExitUsage {
		return err
	}
	return nil
}

// openWitness opens the witness's place, and makes it only where create says so: the
// folder of a disk that is not there must not become another one.
func (a *Archive) openWitness(ctx context.Context, create bool) error {
	p := place{location: storage.Location{Text: a.witness.text}}
	if err := a.call.locate(&p, witnessPrefix); err != nil {
		return err
	}
	a.witness.place = p.location.Text
	if meet, err := p.meets(a, p.location.Text); meet || err != nil {
		return cmp.Or(err, errOwnWitness) // before a folder is made
	}
	open := p.provider.Open
	p.provider.Open = func(ctx context.Context, l storage.Location, create bool) (storage.Store, error) {
		return repo.Bounded(ctx, repo.Patience, func(ctx context.Context) (storage.Store, error) { return open(ctx, l, create) })
	}
	store, err := a.call.open(ctx, p, create)
	if err != nil {
		return err
	}
	if meet, _ := p.meets(a, store.root()); p.nameOf(store) == a.name || store.root() != "" && meet {
		return errOwnWitness
	}
	a.witness.store = &repo.Witness{Place: a.witness.place, Store: store}
	return nil
}

// hearWitness holds the view against what the witness has seen. Memory is this
// machine's.
func (a *Archive) hearWitness(ctx context.Context, memory repo.Memory) error {
	if a.testimony == nil {
		return nil
	}
	return a.cannotHear(ctx, a.View.Hear(ctx, a.testimony, memory))
}

// TellUnheard warns where the witness could not be asked, and says where it has
// nothing to tell yet.
func (a *Archive) TellUnheard() {
	switch {
	case a.unheard != nil:
		a.call.Voice.Warn("%s", repo.Unheard(a.witness.place, a.unheard))
	case a.testimony != nil && a.testimony.Empty():
		a.call.Voice.Say("note: the witness at %s has seen nothing yet", a.witness.place)
	}
}

// Witness tells of the repository's witness: where it is, "" where there is none, how
// many statements that are here it lacks, and why it cannot be asked.
func (a *Archive) Witness() (place string, lacks int, err error) {
	if a.testimony != nil && a.unheard == nil {
		lacks = a.testimony.Lacks(a.View)
	}
	return a.witness.place, lacks, a.unheard
}

// WitnessAnywhere is the place of the witness, "" where there is none. A path is the
// same from every folder.
func (a *Archive) WitnessAnywhere() string {
	p, ok := storage.ProviderOf(a.call.Env.Stores, a.witness.place)
	if a.witness.text == "" || !ok || len(p.Schemes) > 0 {
		return a.witness.place
	}
	path, err := filepath.Abs(strings.TrimPrefix(a.witness.place, "file:"))
	if err != nil {
		return a.witness.place
	}
	return path
}

// tellWitnesses hands the witnesses what was signed and what they lack, where this
// call signed something. All of it is durable in the repository by now, and stays so
// whatever becomes of this. An interruption leaves it to the next time.
func (c *Call) tellWitnesses(ctx context.Context) {
	for _, a := range c.witnessed {
		if !a.store.stated.Load() || ctx.Err() != nil {
			continue
		}
		if err := a.tellWitness(ctx); err != nil && ctx.Err() == nil && c.late.err == nil {
			c.late.err = Fail(ExitIncomplete, "the next command that writes makes up for it; until then nobody but this machine can tell that it is the newest state",
				"the repository has everything, but its witness at %s does not: %v", a.witness.place, err)
		}
	}
}

func (a *Archive) tellWitness(ctx context.Context) error {
	if a.witness.store == nil {
		if err := a.openWitness(ctx, false); err != nil {
			return err
		}
	}
	view, err := repo.Load(ctx, a.store, a.Memory.ID, a.name, a.Memory)
	if err != nil {
		return err
	}
	accept, err := a.call.accepted()
	if err == nil {
		err = view.Trust(accept)
	}
	if err != nil {
		return err
	}
	return a.witness.store.Tell(ctx, a.store, view, a.Memory, func(done, total int) {
		a.call.Voice.Steps(int64(done), int64(total), "statements for the witness")
	})
}
