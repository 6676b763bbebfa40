package backup

import (
	"testing"

	"chatkeep/backup/state"
)

func TestShrank(t *testing.T) {
	for _, test := range []struct {
		before, now state.Counts
		stream      bool
		shrank      bool
	}{
		{state.Counts{}, state.Counts{}, false, false},
		{state.Counts{}, state.Counts{Messages: 3}, false, false},
		{state.Counts{Messages: 1000}, state.Counts{Messages: 500}, false, false},
		{state.Counts{Messages: 1000}, state.Counts{Messages: 499}, false, true},
		{state.Counts{Messages: 1000, Files: 3}, state.Counts{Files: 3}, false, true},
		{state.Counts{Messages: 19}, state.Counts{}, false, false},
		{state.Counts{Files: 40}, state.Counts{Files: 19}, false, true},
		{state.Counts{Files: 40}, state.Counts{Files: 1, Messages: 900}, false, true},
		{state.Counts{Files: 40, Messages: 100}, state.Counts{Files: 1, Messages: 100}, false, false},
		{state.Counts{Files: 1, Bytes: 4096}, state.Counts{Files: 1, Bytes: 1}, false, false},
		{state.Counts{Files: 1, Bytes: 4096}, state.Counts{Files: 1, Bytes: 2048}, true, false},
		{state.Counts{Files: 1, Bytes: 4096}, state.Counts{Files: 1, Bytes: 2047}, true, true},
		{state.Counts{Files: 1, Bytes: 1000}, state.Counts{Files: 1, Bytes: 1}, true, false},
	} {
		if got := shrank(test.before, test.now, test.stream); (got != "") != test.shrank {
			t.Errorf("%+v after %+v, a stream: %t: %q", test.now, test.before, test.stream, got)
		}
	}
}
