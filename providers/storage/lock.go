package storage

import (
	"context"
	"time"
)

// Locker is a store that can keep objects against deletion for a time, against
// everybody with credentials. A store may implement it.
type Locker interface {
	// Wanted is how the settings of the place have objects kept: for how long from
	// their put on, 0 where they do not say, and whether firmly.
	Wanted() (keep time.Duration, firm bool)

	// Locked tells how an object is kept now: the zero Lock where it is not. A place
	// that has no locks at all is an error that matches [errors.ErrUnsupported].
	Locked(ctx context.Context, key string) (Lock, error)

	// Extend has an object kept until a time, in whole seconds, that is later than
	// that of its lock, which Locked told of. It never makes a lock shorter or
	// weaker. It makes one firm where the settings want that, which may take a right
	// of its own.
	Extend(ctx context.Context, key string, has Lock, until time.Time) error
}

// Lock is how an object is kept against deletion.
type Lock struct {
	Until time.Time // by the store's clock
	// Firm says that nobody can delete it before, whatever rights they have. Else
	// those can who have a right of their own for it.
	Firm bool
}

// Versioned is a store that may keep what was deleted or replaced. A store may
// implement it.
type Versioned interface {
	// First reads what was put first under each name, whatever was put there since,
	// and whether it was deleted or not, as far as the store keeps that.
	First() Reader
}
