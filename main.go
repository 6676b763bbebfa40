// Command chatkeep is end-to-end encrypted backup for chat history.
//
// This file wires: it hands the providers that this build contains to the
// commands, and the system to both. The commands are in backup and restore.
package main

import (
	"context"
	"io"
	"os"

	"chatkeep/backup"
	"chatkeep/backup/harden"
	"chatkeep/backup/heap"
	"chatkeep/backup/session"
	"chatkeep/providers/all"
	"chatkeep/restore"
)

func main() {
	harden.Process()
	getenv := harden.TakeSecrets()
	heap.Tune()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, getenv))
}

// run runs one command line, without the program's name in front, on the
// streams and the environment that it is given, and returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	env := session.System(stdin, stdout, stderr, getenv, all.Stores)
	env.Program = within
	return program(env).Run(args)
}

func program(env *session.Env) *session.App {
	return session.NewApp(env, backup.Commands(env, all.Chats), restore.Commands(env))
}

// within runs a command line that another one is made of.
func within(ctx context.Context, env *session.Env, args []string) int {
	return program(env).RunIn(ctx, args)
}
