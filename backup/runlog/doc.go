// Package runlog writes down for later what a run of jobs does: into a file that
// is rotated by size, as JSON lines on stderr, and into systemd's journal where
// stderr is one of its streams. docs/logging.md has the form of what is written.
//
// A log is there for those who look afterwards, and never a reason for a run to
// stop. What cannot be written is told once, and then counted.
package runlog
