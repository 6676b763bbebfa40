// Package schedule installs the one timer that runs chatkeep: every quarter of an
// hour it calls "chatkeep run", which decides by itself what is due. There are
// four kinds, those that systems have: systemd, cron, launchd and the Task
// Scheduler of Windows.
//
// What is to be installed is a Plan. A Mechanism makes a Draft of it, texts and
// the commands around them, without a look at the machine; that is what --print
// shows. Installing is to put the texts where the draft says and to run its
// commands, both through a Machine, so that tests need no real one.
//
// A timer has no terminal and next to no environment. A plan therefore holds
// absolute paths, and the variables that matter with their values of now. It
// never holds a secret: what is installed can be read by more people than its
// owner.
package schedule
