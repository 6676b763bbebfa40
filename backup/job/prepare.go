package job

import (
	"context"
	"errors"
	"io/fs"

	"chatkeep/backup/config"
)

// ready is a source that can be stored, or why it cannot.
type ready struct {
	name    string
	source  config.Source
	paths   []string
	trouble Trouble
	looks   string // what a watched source looks like, empty for others
}

// prepare makes the sources ready, once for all repositories.
func (w *work) prepare(ctx context.Context) []ready {
	var all []ready
	for _, name := range w.sources() {
		one := ready{name: name, source: w.Config.Sources[name]}
		err := w.find(ctx, &one)
		if w.stopped(ctx) {
			return nil // and what that did to the source is no trouble of the source
		}
		if err != nil {
			one.trouble = Trouble{Code: codeOf(err), Message: name + ": " + err.Error(), Hint: hintOf(err)}
			w.fail(one.trouble)
		}
		all = append(all, one)
	}
	return all
}

// find produces a source's export, and finds it.
func (w *work) find(ctx context.Context, one *ready) (err error) {
	if one.source.Before != "" {
		if err := w.Produce(ctx, one.name, one.source); err != nil {
			return err
		}
	}
	if one.paths, err = w.Match(one.source); err != nil {
		return err
	}
	if one.source.Watch {
		return w.settle(ctx, one)
	}
	return nil
}

// maxSettles is how often a folder that is being written to is waited for.
const maxSettles = 5

// settle waits until nobody writes to a watched source any more, within reason,
// and notes what it looks like.
func (w *work) settle(ctx context.Context, one *ready) error {
	for n := 0; ; n++ {
		looks, newest, err := lookAt(one.paths)
		if err != nil {
			return err
		}
		one.looks = looks
		age := w.Now().Sub(newest)
		if age >= one.source.Settle || age < 0 || n == maxSettles {
			return nil
		}
		if err := w.Sleep(ctx, one.source.Settle-age); err != nil {
			return err
		}
	}
}

// codeOf is the exit code that an error stands for.
func codeOf(err error) int {
	var known interface{ ExitCode() int }
	switch {
	case errors.As(err, &known):
		return known.ExitCode()
	case errors.Is(err, fs.ErrNotExist):
		return codeShrunk // what was there is gone
	case errors.Is(err, fs.ErrPermission):
		return codeLogin
	}
	return codeFailed
}

func hintOf(err error) string {
	var known interface{ Hint() string }
	if errors.As(err, &known) {
		return known.Hint()
	}
	return ""
}
