package storage

// Right is what somebody may do with the objects whose keys begin with a prefix. To
// list the names of all objects is no right of its own: who has any may list.
type Right struct {
	Prefix string // "" for all
	Get    bool
	Create bool // put what is not there; replacing is never meant
	Delete bool
	Locked bool // see how long nobody may delete it; of no account in a place without locks
	Lock   bool // see that, and make it longer
}

// Grant is what a policy is to allow.
type Grant struct {
	Rights []Right
	// Form is the grammar that the policy is written in, in the provider's own
	// words; "" is the one that suits the location.
	Form string
	// Principal is who gets the rights, where the form names somebody.
	Principal string
}

// Policy is a grant in a form that a place takes from its owner.
type Policy struct {
	Form string
	Text []byte // as it is to be given, with a line end
}
