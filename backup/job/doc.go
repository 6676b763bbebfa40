// Package job runs what the configuration wants done again and again, and
// remembers how it went. A timer calls it every quarter of an hour; what is due it
// decides itself, from the rhythms of the jobs and from what it remembers. So a
// machine that slept, or had no network, catches up at the next call, whatever
// kind of timer it has.
//
// A job backs up sources to repositories. After that the repositories are
// checked, and pruned, at their own rhythm. Each of these steps is a command line of
// the program's own, which a person can repeat; the package knows how they end and
// nothing of what they do.
//
// Nothing here knows a secret. What only a slot's secret opens, forgetting and
// drills, is done where the configuration names a source for one, and is otherwise
// told to be due.
package job
