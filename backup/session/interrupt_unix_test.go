//go:build unix

package session_test

import (
	"context"
	"syscall"
	"testing"

	"chatkeep/backup/session"
	"chatkeep/providers/storage"
)

// TestInterrupt sends the signal of Ctrl-C. Whatever a command makes of it, the
// program says the one thing.
func TestInterrupt(t *testing.T) {
	w := newWorld(t)
	code := w.does(func(ctx context.Context, c *session.Call) error {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGINT); err != nil {
			return err
		}
		<-ctx.Done()
		return &storage.Error{Class: storage.Unreachable, Op: "put", Place: "x", Err: ctx.Err()}
	})
	w.wantCode(code, session.ExitInterrupted)
	if w.err.String() != "chatkeep: interrupted\n" {
		t.Errorf("stderr %q", &w.err)
	}
}
