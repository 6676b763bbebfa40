//go:build unix

package restore_test

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"chatkeep/providers/storage/storagetest/server"
)

// TestScriptsPlugin runs a script with a real plugin of age.
func TestScriptsPlugin(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	t.Parallel()
	p := scripts(t, "", "", "PLUGIN="+server.Tool(t, "age-plugin-batchpass"))
	p.Files = []string{"testdata/script/plugin/batchpass.txtar"}
	testscript.Run(t, p)
}
