package conform

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"chatkeep/providers/storage"
)

// T is what a check reports to. A *testing.T is one.
type T interface {
	// Context ends when the check is to end.
	Context() context.Context
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	// Fatal and Fatalf end the check. They are called by its own goroutine.
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// Broken is the error of a store that did not keep a promise.
type Broken struct {
	// What went wrong, a line each, [maxWhat] at most.
	What []string
}

// maxWhat is how many faults of one check are told: a broken promise often shows in
// hundreds of ways.
const maxWhat = 5

func (b *Broken) Error() string { return strings.Join(b.What, "; ") }

// Hold runs a check outside of tests, and returns a [*Broken] where the store does
// not keep the promise, or the context's error where that ended the check.
func Hold(ctx context.Context, c Check, s storage.Store) error {
	r := &recorder{ctx: ctx}
	var panicked any
	done := make(chan struct{})
	go func() { // of its own, for Fatal to end
		defer close(done)
		defer func() { panicked = recover() }()
		c.Run(r, s)
	}()
	<-done
	if panicked != nil {
		panic(panicked)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(r.what) > 0 {
		return &Broken{r.what}
	}
	return nil
}

// recorder is a T that writes down. Checks have goroutines that report.
type recorder struct {
	ctx  context.Context
	mu   sync.Mutex
	what []string
}

func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Helper() {}

func (r *recorder) Error(args ...any) {
	// As the testing package: with spaces between.
	r.add(strings.TrimSuffix(fmt.Sprintln(args...), "\n"))
}

func (r *recorder) Errorf(format string, args ...any) { r.add(fmt.Sprintf(format, args...)) }

func (r *recorder) Fatal(args ...any) {
	r.Error(args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) add(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.what) < maxWhat {
		r.what = append(r.what, text)
	}
}

// Empty deletes all objects of a store, some at a time.
func Empty(ctx context.Context, s storage.Store) error {
	infos, err := List(s.List(ctx, ""))
	if err != nil {
		return err
	}
	errs := make([]error, len(infos))
	parallel(16, len(infos), func(i int) { errs[i] = s.Delete(ctx, infos[i].Key) })
	return errors.Join(errs...)
}
