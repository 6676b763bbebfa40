package keys

import (
	"slices"

	"chatkeep/backup/format"
)

// Merge takes over what another keyring of the same repository has and this one has
// not: writers, and identities of epochs. It reports whether there were such epochs:
// they get numbers after the newest here, for two owners who began an epoch each gave
// both the same number, and what is sealed opens by the identity, not by the number.
func (k *Keyring) Merge(other *Keyring) (epochs bool, err error) {
	if k.Repository != other.Repository {
		return false, notOf("keyring", other.Repository, k.Repository)
	}
	if k.Dedup != other.Dedup {
		return false, format.Fail(format.Malformed, "keyring", "two of one repository have different secrets for chunk ids")
	}
	for _, w := range other.Writers {
		if _, ok := k.Writer(w.ID); ok {
			continue
		}
		if err := k.PutWriter(w); err != nil {
			return false, err
		}
	}
	for _, e := range other.Epochs {
		if slices.ContainsFunc(k.Epochs, func(mine Epoch) bool { return mine.identity.text() == e.identity.text() }) {
			continue
		}
		k.Epochs = append(k.Epochs, Epoch{N: k.Newest() + 1, identity: e.identity})
		epochs = true
	}
	return epochs, nil
}
