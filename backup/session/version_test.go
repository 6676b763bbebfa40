package session

import (
	"runtime/debug"
	"testing"
)

// TestBuildOf reads what the go command wrote into a program, and what the linker
// was told in its place.
func TestBuildOf(t *testing.T) {
	const commit, other = "5eee0d1f4efec06bafcfd42ab546679971404a54", "43212eb656477cd140b76d74b2b89412909fe51b"
	const date, later = "2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z"
	clone := func(version, modified string) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: []debug.BuildSetting{
			{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: commit}, {Key: "vcs.time", Value: date}, {Key: "vcs.modified", Value: modified},
		}}
	}
	for name, c := range map[string]struct {
		info    *debug.BuildInfo
		stamped build
		want    build
	}{
		"nothing":        {&debug.BuildInfo{}, build{}, build{Version: "devel"}},
		"go run":         {&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, build{}, build{Version: "devel"}},
		"tag":            {clone("v1.2.3", "false"), build{}, build{"v1.2.3", commit, date, false}},
		"changed":        {clone("v1.2.4-0.20261120120000-5eee0d1f4efe+dirty", "true"), build{}, build{"v1.2.4-0.20261120120000-5eee0d1f4efe+dirty", commit, date, true}},
		"archive":        {&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, build{"v1.2.3", commit, date, false}, build{"v1.2.3", commit, date, false}},
		"version alone":  {&debug.BuildInfo{}, build{Version: "v1.2.3"}, build{Version: "v1.2.3"}},
		"stamped change": {&debug.BuildInfo{}, build{"v1.2.3+dirty", commit, date, false}, build{"v1.2.3+dirty", commit, date, true}},
		// A packager's own repository around the source is not where it is from.
		"another's clone": {clone("v0.1.0+dirty", "true"), build{"v1.2.3", other, later, false}, build{"v1.2.3", other, later, false}},
	} {
		if got := buildOf(c.info, c.stamped); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
