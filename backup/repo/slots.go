package repo

import (
	"context"
	"fmt"
	"slices"

	"chatkeep/backup/format"
)

// ReplaceSlot puts a slot in the place of the one with its name. The old file
// stays in the store and counts no more; whoever copied it and knows its secret
// can still open the master.
func (o *Owner) ReplaceSlot(ctx context.Context, slot NewSlot) error {
	i := slices.IndexFunc(o.authority.Slots, func(s format.Slot) bool { return s.Name == slot.Name })
	if i < 0 {
		return fmt.Errorf("there is no key named %q", slot.Name)
	}
	o.authority.Slots = slices.Delete(o.authority.Slots, i, i+1)
	return o.putSlot(ctx, slot)
}
