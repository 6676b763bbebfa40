package android

import (
	"io"
	"io/fs"
	"regexp"
	"slices"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/whatsapp/jid"
	"chatkeep/providers/internal/sqlite"
)

// person is somebody in the database, under all of their addresses.
type person struct {
	chat.Participant
	jid jid.JID // by phone number, where it is known
}

// people are all that the database knows. Who does not occur is not held.
type people struct {
	store   *store
	account string // the owner's address, or ""
	self    *person
	rows    *sqlite.Rows // of table jid
	numbers index        // of hidden addresses: the row of the one by number
	hidden  index        // the other way round
	titles  *side        // names of hidden addresses
	names   map[string][]chat.Name
	byRow   map[int64]*person
	byJID   map[jid.JID]*person
	crowd   *person // who are too many to be held
}

// maxPeople bounds those who are held. Phones know some ten thousand.
const maxPeople = 300_000

func newPeople(s *store) *people {
	p := &people{store: s, names: map[string][]chat.Name{}, byRow: map[int64]*person{}, byJID: map[jid.JID]*person{}}
	if s.Has("jid") {
		p.rows = s.byRow("jid", "raw_string", "user", "server", "type")
	}
	for rows := range s.scan("jid_map", "lid_row_id", "jid_row_id") {
		p.numbers.add(rows.Int(0), 0, rows.Int(1))
		p.hidden.add(rows.Int(1), 0, rows.Int(0))
	}
	p.numbers.finish()
	p.hidden.finish()
	p.titles = s.side("lid_display_name", "lid_row_id", "display_name", "username")
	return p
}

func (p *people) close() {
	if p.rows != nil {
		p.rows.Close()
	}
	p.titles.close()
}

// meType is the type of a row in table jid that stands for the owner.
const meType = 11

// address reads a row of table jid.
func (p *people) address(row int64) (j jid.JID, me, ok bool) {
	if p.rows == nil || row <= 0 {
		return j, false, false
	}
	if !p.rows.Reset(row).Next() {
		p.store.fail(p.rows.Err())
		return j, false, false
	}
	j = jid.Parse(p.rows.Text(0))
	if p.rows.Text(0) == "" {
		j = jid.JID{User: p.rows.Text(1), Server: p.rows.Text(2)}
	}
	me = p.rows.Int(3) == meType || j == jid.JID{} || j.Server == "lid_me" || j.Server == "status_me"
	return j, me, true
}

// resolved is the address of a row of table jid, by phone number if that is known.
func (p *people) resolved(row int64) (j jid.JID, me, ok bool) {
	j, me, ok = p.address(row)
	if ok && j.Server == jid.Hidden {
		for _, number := range p.numbers.rows(row) {
			if known, _, ok := p.address(number); ok && known.Server == jid.Phone {
				return known, me, true
			}
		}
	}
	return j, me, ok
}

// at is the person of a row in table jid, nil where there is none.
func (p *people) at(row int64) *person {
	if row <= 0 {
		return nil
	}
	if one, ok := p.byRow[row]; ok {
		return one
	}
	j, me, ok := p.resolved(row)
	var one *person
	switch {
	case me && ok:
		one = p.self
	case ok:
		one = p.of(j)
		p.alias(one, row)
	}
	p.byRow[row] = one
	return one
}

// alias adds what is known of somebody by the row and by those of the same person's
// other addresses.
func (p *people) alias(one *person, row int64) {
	p.also(one, row)
	if number, ok := p.numbers.first(row); ok {
		row = number
	}
	for _, other := range p.hidden.rows(row) {
		p.also(one, other)
	}
}

// also adds an address of somebody, and what the app calls them under it.
func (p *people) also(one *person, row int64) {
	j, _, ok := p.address(row)
	if !ok || one == p.self || one == p.crowd {
		return
	}
	id := chat.NativeID{Kind: jid.Platform, Value: j.String()}
	if !slices.Contains(one.IDs, id) {
		one.IDs = append(one.IDs, id)
	}
	one.addNames(p.names[j.String()]...)
	for rows := range p.titles.of(row) {
		one.addNames(chat.Name{Value: rows.Text(0), From: "profile"})
		if username := (chat.NativeID{Kind: "username", Value: rows.Text(1)}); username.Value != "" && !slices.Contains(one.IDs, username) {
			one.IDs = append(one.IDs, username)
		}
	}
}

// others stands for everybody who is too many.
func (p *people) others() *person {
	if p.crowd == nil {
		p.crowd = &person{}
		p.crowd.ID = jid.ParticipantID("others")
		p.crowd.addNames(chat.Name{Value: "Others", From: "system"})
	}
	return p.crowd
}

func (one *person) addNames(names ...chat.Name) {
	for _, n := range names {
		if n.Value != "" && !slices.ContainsFunc(one.Names, func(o chat.Name) bool { return o.Value == n.Value }) {
			one.Names = append(one.Names, n)
		}
	}
}

// of is the person at an address.
func (p *people) of(j jid.JID) *person {
	if p.account != "" && j.String() == p.account {
		return p.self
	}
	if one := p.byJID[j]; one != nil {
		return one
	}
	if len(p.byJID) >= maxPeople {
		return p.others()
	}
	one := &person{jid: j}
	one.ID = jid.ParticipantID(j.String())
	if n := j.Number(); n != "" {
		one.IDs = append(one.IDs, chat.NativeID{Kind: "phone", Value: n})
	}
	one.IDs = append(one.IDs, chat.NativeID{Kind: jid.Platform, Value: j.String()})
	one.addNames(p.names[j.String()]...)
	p.byJID[j] = one
	return one
}

// name is what somebody is called, by the owner first.
func (one *person) name() string {
	if len(one.Names) > 0 {
		return one.Names[0].Value
	}
	if n := one.jid.Number(); n != "" {
		return n
	}
	return one.jid.String()
}

// findSelf finds out who the owner is. The address is told by the user, by the app's
// settings, or by rows that say that the owner joined a group.
func (p *people) findSelf(fsys fs.FS, at *place, o chat.Options) {
	if j, ok := jid.OfNumber(o.Me); ok {
		p.account = j.String()
	}
	if p.account == "" {
		p.account = registered(fsys, at)
	}
	if p.account == "" {
		p.account = p.joined()
	}
	p.self = &person{Participant: chat.Participant{ID: jid.OwnerID(), Self: true}}
	if p.account != "" {
		p.self.jid = jid.Parse(p.account)
		if n := p.self.jid.Number(); n != "" {
			p.self.IDs = append(p.self.IDs, chat.NativeID{Kind: "phone", Value: n})
		}
		p.self.IDs = append(p.self.IDs, chat.NativeID{Kind: jid.Platform, Value: p.account})
		p.self.addNames(p.names[p.account]...)
	}
	for rows := range p.store.scan("props", "key", "value") {
		if rows.Text(0) == "user_push_name" {
			p.self.addNames(chat.Name{Value: rows.Text(1), From: "profile"})
		}
	}
	if len(p.self.Names) == 0 {
		p.self.addNames(chat.Name{Value: "You", From: "system"})
	}
}

// registration is how the app's settings have the number that it is registered with.
var registration = regexp.MustCompile(`name="registration_jid">(\d{5,20})<`)

// maxSettings bounds how much of the settings is read.
const maxSettings = 4 << 20

// registered reads the owner's address out of the app's settings.
func registered(fsys fs.FS, at *place) string {
	files := at.find(fsys, "shared_prefs/com.whatsapp_preferences_light.xml", "shared_prefs/com.whatsapp.w4b_preferences_light.xml", "shared_prefs/com.whatsapp_preferences.xml")
	for _, name := range files {
		f, err := fsys.Open(name)
		if err != nil {
			continue
		}
		text, _ := io.ReadAll(io.LimitReader(f, maxSettings))
		f.Close()
		if m := registration.FindSubmatch(text); m != nil {
			return jid.JID{User: string(m[1]), Server: jid.Phone}.String()
		}
	}
	return ""
}

// joined finds the owner among those who were added to groups: rows that say so of
// the owner, and name one person. They have to agree.
func (p *people) joined() string {
	me := map[int64]int64{} // by message: who was added; 0 where nobody was named yet, -1 where several
	for rows := range p.store.scan("message_system_group", "message_row_id", "is_me_joined") {
		if rows.Int(1) == 1 && len(me) < maxJoined {
			me[rows.Int(0)] = 0
		}
	}
	for rows := range p.store.scan("message_system_chat_participant", "message_row_id", "user_jid_row_id") {
		if who, ok := me[rows.Int(0)]; ok {
			me[rows.Int(0)] = rows.Int(1)
			if who != 0 {
				me[rows.Int(0)] = -1
			}
		}
	}
	account := ""
	for _, row := range me {
		j, _, ok := p.resolved(row)
		switch {
		case !ok || !j.IsPerson():
		case account != "" && account != j.String():
			return ""
		default:
			account = j.String()
		}
	}
	return account
}

// maxJoined bounds the groups that are asked about.
const maxJoined = 100_000
