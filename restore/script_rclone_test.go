//go:build unix

package restore_test

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"chatkeep/providers/storage/storagetest/server"
)

// TestScriptsRclone runs a script with the real rclone.
func TestScriptsRclone(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	p := scripts(t, "", "", "CHATKEEP_RCLONE="+server.Tool(t, "rclone"), "TMPDIR="+t.TempDir())
	p.Files = []string{"testdata/script/rclone/there-and-back.txtar"}
	testscript.Run(t, p)
}
