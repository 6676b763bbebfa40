package config

import (
	"maps"
	"slices"
)

// JobNames returns the names of the jobs, sorted.
func (c *Config) JobNames() []string { return slices.Sorted(maps.Keys(c.Jobs)) }

// SourceNames returns the names of the sources, sorted.
func (c *Config) SourceNames() []string { return slices.Sorted(maps.Keys(c.Sources)) }
