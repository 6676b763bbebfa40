package session_test

import (
	"bytes"
	"strings"
	"testing"

	"chatkeep/backup/format"
	"chatkeep/backup/keys"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
)

// TestWorkOfStrangers opens repositories whose slots ask for more work than
// chatkeep's own: the place's word alone is not enough for that.
func TestWorkOfStrangers(t *testing.T) {
	recovery := keys.NewRecoveryKey()
	for kind, secret := range map[string]string{format.SlotPassphrase: strong, format.SlotRecovery: string(recovery)} {
		w := newWorld(t)
		master, err := keys.NewMaster(true)
		if err != nil {
			t.Fatal(err)
		}
		cheap, err := keys.SealRecovery(master, recovery)
		if err != nil {
			t.Fatal(err)
		}
		place := w.place("r")
		slots := []repo.NewSlot{{Name: "one", Kind: kind, Object: bytes.Replace(cheap, []byte(" 14\n"), []byte(" 19\n"), 1)}}
		if _, err := repo.Create(t.Context(), w.store("r"), "r", master, slots, "elsewhere"); err != nil {
			t.Fatal(err)
		}
		w.vars["CHATKEEP_PASSPHRASE"] = secret
		w.wantCode(w.does(read, "-r", place), session.ExitDamaged)
		if said := w.err.String(); !strings.Contains(said, "work factor 19 is above 18") || !strings.Contains(said, "hint: ") || !strings.Contains(said, "--id ID") {
			t.Errorf("%s: %s", kind, said)
		}
		if kind == format.SlotRecovery || testing.Short() {
			continue // once is enough for half a gibibyte
		}
		// Who names it gets the work done, which finds that the header is forged.
		w.wantCode(w.does(read, "-r", place, "--id", master.Repository.String()), session.ExitWrongKey)
		if strings.Contains(w.err.String(), "work factor") {
			t.Errorf("stderr: %s", &w.err)
		}
	}
}
