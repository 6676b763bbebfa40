// Package shell runs the commands that a person wrote into the configuration, or
// behind a flag: one that makes an export before it is backed up, one whose output
// is backed up, one that tells of it. A command has no way to the secrets of the
// program, cannot hang for ever, and leaves nothing behind that it was to be ended
// with.
package shell
