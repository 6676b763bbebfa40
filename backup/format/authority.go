package format

import "slices"

// Roles of writers.
const (
	RoleWriter = "writer" // may commit heads
	RolePrune  = "prune"  // may condemn packs
)

// Kinds of slots.
const (
	SlotPassphrase = "passphrase"
	SlotRecovery   = "recovery"
	SlotRecipient  = "recipient"
)

// Authority is the root-signed statement of the complete state: what the
// newest does not name does not count.
type Authority struct {
	Repository Hash     // id of Root
	Requires   []string // empty in version 1
	N          uint64   // from 1
	Previous   []Hash   // objects of the authorities with N-1, ascending; none for 1
	Root       string   // the root key in one-line form
	Classic    bool     // X25519 instead of hybrid post-quantum identities
	Epoch      uint64   // the current one, from 1
	Slots      []Slot   // ascending by name, at least one
	Keyring    KeyringRef
	Writers    []AuthorityWriter // ascending by ID
	Forgotten  []HeadRef         // ascending
	Grace      int64             // seconds from a tombstone to deletion
	Session    int64             // seconds after which a writer resolves anew
	Parity     bool              // writers add parity objects
	// Former are the ids that the repository had under earlier roots, the first
	// one first. There are none in most.
	Former []Hash
	// Successor is the id under the root that follows, in the last statement that
	// this root signs; else zero.
	Successor Hash
}

// Label is the id that objects carry as their repository's: that of its first
// root, whatever root there is now.
func (a *Authority) Label() Hash {
	if len(a.Former) > 0 {
		return a.Former[0]
	}
	return a.Repository
}

// Slot names the object that holds the master identity behind one secret.
type Slot struct {
	Name   string // see ValidSlotName
	Kind   string // SlotPassphrase, SlotRecovery or SlotRecipient
	SHA256 Hash
	Size   int64
}

// KeyringRef names the current keyring.
type KeyringRef struct {
	N      uint64 // from 1
	SHA256 Hash
	Size   int64
}

// NewsRef names news for a writer.
type NewsRef struct {
	N      uint64 // from 1, ascending
	SHA256 Hash
	Size   int64
}

// AuthorityWriter is one key that may sign heads or tombstones.
type AuthorityWriter struct {
	ID    Hash      // of Key
	Key   string    // in one-line form
	Role  string    // RoleWriter or RolePrune
	Dedup Hash      // the writer whose secrets it uses, most often itself
	News  []NewsRef // ascending by N
	Ended *End      // nil while it may go on
}

// End is the last head of an ended writer that counts. Seq 0 with the zero
// Hash says that none does.
type End struct {
	Seq    uint64
	SHA256 Hash
}

// Encode returns the statement's bytes with their final line feed. It checks
// nothing; ParseAuthority does.
func (a *Authority) Encode() []byte {
	p := new(pen)
	p.raw(`{"type":"authority","format":1,"repository":`).hash(a.Repository)
	p.raw(`,"requires":`).strs(a.Requires)
	p.raw(`,"n":`).num(a.N).raw(`,"previous":`).hashes(a.Previous)
	p.raw(`,"root":`).str(a.Root).raw(`,"classic":`).bool(a.Classic).raw(`,"epoch":`).num(a.Epoch)
	p.raw(`,"slots":`)
	listOf(p, a.Slots, func(s Slot) {
		p.raw(`{"name":`).str(s.Name).raw(`,"kind":`).str(s.Kind)
		p.raw(`,"sha256":`).hash(s.SHA256).raw(`,"size":`).int(s.Size).raw("}")
	})
	p.raw(`,"keyring":`).numbered(a.Keyring.N, a.Keyring.SHA256, a.Keyring.Size)
	p.raw(`,"writers":`)
	listOf(p, a.Writers, func(w AuthorityWriter) { p.writer(&w) })
	p.raw(`,"forgotten":`).headRefs(a.Forgotten)
	p.raw(`,"grace":`).int(a.Grace).raw(`,"session":`).int(a.Session)
	if a.Parity {
		p.raw(`,"parity":true`)
	}
	if len(a.Former) > 0 {
		p.raw(`,"former":`).hashes(a.Former)
	}
	if !a.Successor.IsZero() {
		p.raw(`,"successor":`).hash(a.Successor)
	}
	p.raw("}\n")
	return p.b
}

func (p *pen) numbered(n uint64, h Hash, size int64) *pen {
	return p.raw(`{"n":`).num(n).raw(`,"sha256":`).hash(h).raw(`,"size":`).int(size).raw("}")
}

func (p *pen) writer(w *AuthorityWriter) {
	p.raw(`{"id":`).hash(w.ID).raw(`,"key":`).str(w.Key).raw(`,"role":`).str(w.Role)
	p.raw(`,"dedup":`).hash(w.Dedup).raw(`,"news":`)
	listOf(p, w.News, func(n NewsRef) { p.numbered(n.N, n.SHA256, n.Size) })
	if w.Ended != nil {
		p.raw(`,"ended":{"seq":`).num(w.Ended.Seq).raw(`,"sha256":`)
		if w.Ended.SHA256.IsZero() {
			p.raw(`""}`)
		} else {
			p.hash(w.Ended.SHA256).raw("}")
		}
	}
	p.raw("}")
}

// ParseAuthority reads the body of an authority's envelope. Beside the grammar
// it checks the order of lists, limits, and that the root key is the
// repository's and each writer's key the writer's.
func ParseAuthority(body []byte) (*Authority, error) {
	c := cursor{data: body, what: "authority"}
	a := new(Authority)
	a.Repository = c.preamble("authority")
	a.Requires = c.requires()
	c.lit(`,"n":`)
	a.N = c.objectNumber("its number")
	c.lit(`,"previous":`)
	a.Previous = c.previous(a.N)
	c.lit(`,"root":`)
	a.Root = c.keyOf(a.Repository, "root")
	c.lit(`,"classic":`)
	a.Classic = c.bool()
	c.lit(`,"epoch":`)
	a.Epoch = c.positive(c.num(), "the epoch")
	c.lit(`,"slots":`)
	a.Slots = c.slots()
	c.lit(`,"keyring":`)
	a.Keyring.N, a.Keyring.SHA256, a.Keyring.Size = c.numbered("the keyring's number")
	c.lit(`,"writers":`)
	a.Writers = c.writers()
	c.lit(`,"forgotten":`)
	a.Forgotten = c.headRefs(MaxForgotten, "forgotten heads")
	c.lit(`,"grace":`)
	a.Grace = c.int()
	c.lit(`,"session":`)
	a.Session = c.int()
	a.Parity = c.opt(`,"parity":true`)
	if c.opt(`,"former":`) {
		a.Former = c.former(a.Repository)
	}
	if c.opt(`,"successor":`) {
		a.Successor = c.successor(a)
	}
	c.lit("}\n")
	if err := c.same(a.Encode); err != nil {
		return nil, err
	}
	return a, nil
}

// objectNumber reads a number that fits into an object's name.
func (c *cursor) objectNumber(what string) uint64 {
	n := c.positive(c.num(), what)
	if n > MaxN {
		c.fail(Malformed, "%s has more than %d digits", what, numberDigits)
	}
	return n
}

// previous reads the hashes of what came before statement n.
func (c *cursor) previous(n uint64) []Hash {
	list := c.hashes(MaxWriters, "statements before")
	if c.err == nil && (n == 1) != (len(list) == 0) {
		c.fail(Malformed, "number %d names %d statements before it", n, len(list))
	}
	return list
}

// keyOf reads the key that has this id.
func (c *cursor) keyOf(id Hash, whose string) string {
	line := c.str()
	if c.err != nil {
		return ""
	}
	got, err := KeyID(line)
	switch {
	case err != nil:
		c.fail(Malformed, "the key of %s: %w", whose, err)
	case got != id:
		c.fail(Malformed, "the key of %s is that of %s", whose, got)
	}
	return line
}

// former reads the ids that a repository had before.
func (c *cursor) former(now Hash) []Hash {
	list := []Hash{}
	c.list(MaxFormer, "former ids", func() {
		h := c.hash()
		if h == now || slices.Contains(list, h) {
			c.fail(Malformed, "an id stands twice among the former ones and the present one")
		}
		list = append(list, h)
	})
	if len(list) == 0 {
		c.fail(NonCanonical, "a list of former ids that is empty")
	}
	return list
}

// successor reads the id that a repository is to have.
func (c *cursor) successor(a *Authority) Hash {
	h := c.hash()
	if c.err == nil && (h.IsZero() || h == a.Repository || slices.Contains(a.Former, h)) {
		c.fail(Malformed, "the successor is none, or an id that the repository has or had")
	}
	return h
}

func (c *cursor) slots() []Slot {
	list := []Slot{}
	c.list(MaxSlots, "slots", func() {
		var s Slot
		c.lit(`{"name":`)
		s.Name = c.str()
		c.lit(`,"kind":`)
		s.Kind = c.str()
		c.lit(`,"sha256":`)
		s.SHA256 = c.hash()
		c.lit(`,"size":`)
		s.Size = c.int()
		c.lit("}")
		if !ValidSlotName(s.Name) {
			c.fail(Malformed, "%q cannot name a slot", short(s.Name))
		}
		if s.Kind != SlotPassphrase && s.Kind != SlotRecovery && s.Kind != SlotRecipient {
			c.fail(Malformed, "slot %s is of kind %q", s.Name, short(s.Kind))
		}
		if n := len(list); n > 0 && list[n-1].Name >= s.Name {
			c.fail(Malformed, "slots are not in ascending order")
		}
		list = append(list, s)
	})
	if len(list) == 0 {
		c.fail(Malformed, "there is no slot")
	}
	return list
}

func (c *cursor) numbered(what string) (n uint64, h Hash, size int64) {
	c.lit(`{"n":`)
	n = c.objectNumber(what)
	c.lit(`,"sha256":`)
	h = c.hash()
	c.lit(`,"size":`)
	size = c.int()
	c.lit("}")
	return n, h, size
}

func (c *cursor) writers() []AuthorityWriter {
	list := []AuthorityWriter{}
	c.list(MaxWriters, "writers", func() {
		w := c.writer()
		if n := len(list); n > 0 && list[n-1].ID.Compare(w.ID) >= 0 {
			c.fail(Malformed, "writers are not in ascending order")
		}
		list = append(list, w)
	})
	return list
}

func (c *cursor) writer() (w AuthorityWriter) {
	c.lit(`{"id":`)
	w.ID = c.hash()
	c.lit(`,"key":`)
	w.Key = c.keyOf(w.ID, "writer "+w.ID.String())
	c.lit(`,"role":`)
	w.Role = c.str()
	if w.Role != RoleWriter && w.Role != RolePrune {
		c.fail(Malformed, "writer %s has the role %q", w.ID, short(w.Role))
	}
	c.lit(`,"dedup":`)
	w.Dedup = c.hash()
	c.lit(`,"news":`)
	w.News = c.newsRefs()
	if c.opt(`,"ended":`) {
		w.Ended = c.ended()
	}
	c.lit("}")
	return w
}

func (c *cursor) newsRefs() []NewsRef {
	list := []NewsRef{}
	c.list(MaxWriters, "news", func() {
		var n NewsRef
		n.N, n.SHA256, n.Size = c.numbered("the news' number")
		if k := len(list); k > 0 && list[k-1].N >= n.N {
			c.fail(Malformed, "news are not in ascending order")
		}
		list = append(list, n)
	})
	return list
}

func (c *cursor) ended() *End {
	e := new(End)
	c.lit(`{"seq":`)
	e.Seq = c.num()
	c.lit(`,"sha256":`)
	if !c.opt(`""`) {
		e.SHA256 = c.hash()
	}
	c.lit("}")
	if e.SHA256.IsZero() != (e.Seq == 0) {
		c.fail(Malformed, "the end of a writer has a seq without a hash, or a hash without a seq")
	}
	return e
}

// CheckAuthorityPlace reports, as WrongPlace, that name is not that of a. That
// the object's bytes have the name's hash is CheckHash's to say.
func CheckAuthorityPlace(name Name, a *Authority) error {
	if name.Type != ObjectAuthority || name.N != a.N {
		return Fail(WrongPlace, name.String(), "it is authority %d", a.N)
	}
	return nil
}
