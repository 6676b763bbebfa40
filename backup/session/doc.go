// Package session stands between a command line and the work: it turns flags
// and the environment into an opened store, a verified view, unlocked keys and
// a voice, and gives commands these as plain values.
//
//	App        the commands, the guard before urfave/cli, errors to exit codes
//	Call       one run of one command: its flags, its voice, its clock
//	Archive    an opened repository, to read;  Writable: and to write
//
// What leaves through the terminal goes through Voice, which lets no control
// character of a foreign name or text through. What is secret comes through
// secret.go and leaves through Terminal or a file that the user named.
package session
