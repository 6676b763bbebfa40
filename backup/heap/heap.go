// Package heap says how much garbage may gather before it is collected.
package heap

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// least is the garbage that may gather however little is in use, in bytes.
	// Parsers make much of it and hold little, and to collect is to look at
	// everything each time.
	least = 24 << 20
	// percent is how much may gather of what is in use. Most of that is a few large
	// buffers that are used again and again; at the default as much garbage as they
	// are large would gather beside them.
	percent = 10
)

// Tune sets the collector for a program of which some commands hold a few megabytes
// and others hundreds. It looks at what is in use after each collection.
func Tune() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	debug.SetGCPercent(percentOf(sample[0].Value.Uint64()))
	// What nothing refers to is found by the next collection.
	runtime.AddCleanup(new([16]byte), func(struct{}) { Tune() }, struct{}{})
}

// percentOf is what the collector takes for so many bytes in use.
func percentOf(live uint64) int {
	// The runtime takes no heap for smaller than this.
	const floor = 4 << 20
	return int(max(percent, least*100/max(live, floor)))
}
