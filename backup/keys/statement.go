package keys

import (
	"chatkeep/backup/format"
)

// SignStatement returns the bytes of a signed object: body, a statement's
// canonical JSON with its line feed, under one signature by k. It checks
// nothing about body: a statement that readers refuse stays signed for ever,
// so parse what a statement's Encode gives before signing anything new.
func SignStatement(k SigningKey, namespace string, body []byte) []byte {
	e := format.Envelope{Body: string(body), Signatures: []string{k.Sign(namespace, body)}}
	return e.Encode()
}

// SignAuthority returns the object of a. k must be the root key.
func SignAuthority(k SigningKey, a *format.Authority) []byte {
	return SignStatement(k, format.NamespaceAuthority, a.Encode())
}

// SignHead returns the object of h. k must be the key of h.Writer.
func SignHead(k SigningKey, h *format.Head) []byte {
	return SignStatement(k, format.NamespaceHead, h.Encode())
}

// SignTombstone returns the object of t. k must be the key of t.Signer.
func SignTombstone(k SigningKey, t *format.Tombstone) []byte {
	return SignStatement(k, format.NamespaceTombstone, t.Encode())
}

// SignNote signs n and returns its bytes, which are yet to be sealed. A note
// holds its signature itself, since it is encrypted.
func SignNote(k SigningKey, n *format.Note) []byte {
	signed := *n
	signed.Signature = k.Sign(format.NamespaceNote, n.Unsigned())
	return signed.Encode()
}

// OpenAuthority reads an authority and checks, in this order, that its bytes
// are those that name means, that they are an envelope, that the root key of
// repository signed it, and that the statement is in order and has the
// repository and number that it should. Nothing of the statement is looked at
// before the signature is known to be good; there is no other root key than
// the one whose hash is the repository's id.
//
// Classes: those of format.ParseEnvelope and format.ParseAuthority, flipped,
// wrong-place, bad-signature, wrong-repository, and wrong-writer where another
// key than the root has signed.
func OpenAuthority(name string, object []byte, repository format.Hash) (*format.Authority, error) {
	place, e, err := openEnvelope(name, object, format.ObjectAuthority)
	if err != nil {
		return nil, err
	}
	// The signature itself says by which key it is. That key needs no other
	// introduction than its hash.
	root, err := e.signer(name)
	if err != nil {
		return nil, err
	}
	if root.ID() != repository {
		return nil, strangeRoot(name, e, root, repository)
	}
	if err := e.verify(name, root, format.NamespaceAuthority); err != nil {
		return nil, err
	}
	a, err := format.ParseAuthority(e.body)
	if err != nil {
		return nil, format.At(name, err)
	}
	if a.Repository != repository {
		return nil, notOf(name, a.Repository, repository)
	}
	return unless(format.CheckAuthorityPlace(place, a), a)
}

// strangeRoot finds out whether an authority that our root has not signed is
// that of another repository, or means to be one of ours.
func strangeRoot(name string, e envelope, root PublicKey, repository format.Hash) error {
	a, err := format.ParseAuthority(e.body)
	if err == nil && a.Repository == root.ID() {
		return notOf(name, a.Repository, repository)
	}
	return format.Fail(format.WrongWriter, name, "the key %s is not the repository's root", root.ID())
}

// OpenHead reads a head of writer, whose key the newest authority must name
// (see WriterKey), with the checks of OpenAuthority.
func OpenHead(name string, object []byte, repository format.Hash, writer PublicKey) (*format.Head, error) {
	place, e, err := openEnvelope(name, object, format.ObjectHead)
	if err != nil {
		return nil, err
	}
	if err := e.verify(name, writer, format.NamespaceHead); err != nil {
		return nil, err
	}
	h, err := format.ParseHead(e.body)
	if err != nil {
		return nil, format.At(name, err)
	}
	if err := checkOrigin(name, h.Repository, repository, h.Writer, writer); err != nil {
		return nil, err
	}
	return unless(format.CheckHeadPlace(place, h), h)
}

// OpenTombstone reads a tombstone by signer, whose key the newest authority
// must name with role prune (see WriterKey), with the checks of OpenAuthority.
func OpenTombstone(name string, object []byte, repository format.Hash, signer PublicKey) (*format.Tombstone, error) {
	_, e, err := openEnvelope(name, object, format.ObjectTombstone)
	if err != nil {
		return nil, err
	}
	if err := e.verify(name, signer, format.NamespaceTombstone); err != nil {
		return nil, err
	}
	t, err := format.ParseTombstone(e.body)
	if err != nil {
		return nil, format.At(name, err)
	}
	return unless(checkOrigin(name, t.Repository, repository, t.Signer, signer), t)
}

// OpenNote reads the decoded bytes of a note by writer. name is that of the
// sealed object it comes from, whose hash is not that of these bytes. Unlike
// other statements a note is parsed before its signature is checked, for the
// signature stands inside.
func OpenNote(name string, note []byte, repository format.Hash, writer PublicKey) (*format.Note, error) {
	place, err := placeOf(name, format.ObjectNote)
	if err != nil {
		return nil, err
	}
	n, err := format.ParseNote(note)
	if err != nil {
		return nil, format.At(name, err)
	}
	if err := writer.verify(name, format.NamespaceNote, n.Unsigned(), n.Signature); err != nil {
		return nil, err
	}
	if err := checkOrigin(name, n.Repository, repository, n.Writer, writer); err != nil {
		return nil, err
	}
	return unless(format.CheckNotePlace(place, n), n)
}

// WriterKey returns the key with which the writer with this id may do what
// role (format.RoleWriter or format.RolePrune) allows. It fails as
// wrong-writer if a does not name the writer, or names it with another role.
// Whether the writer has ended is for whoever counts heads to ask.
func WriterKey(a *format.Authority, id format.Hash, role string) (PublicKey, error) {
	for i := range a.Writers {
		w := &a.Writers[i]
		switch {
		case w.ID != id:
			continue
		case w.Role != role:
			return PublicKey{}, format.Fail(format.WrongWriter, "writer "+id.String(), "its role is %s, not %s", w.Role, role)
		}
		key, err := ParsePublicKey(w.Key)
		if err != nil {
			return PublicKey{}, err
		}
		if key.ID() != id {
			return PublicKey{}, format.Fail(format.WrongWriter, "writer "+id.String(), "its key is that of %s", key.ID())
		}
		return key, nil
	}
	return PublicKey{}, format.Fail(format.WrongWriter, "writer "+id.String(), "the authority does not name it")
}

// envelope is a signed object whose bytes are those that its name means.
type envelope struct {
	body      []byte
	signature string // the only one
}

// openEnvelope checks the object's name and takes it apart.
func openEnvelope(name string, object []byte, typ format.ObjectType) (format.Name, envelope, error) {
	place, err := checkPlace(name, object, typ)
	if err != nil {
		return place, envelope{}, err
	}
	e, err := format.ParseEnvelope(object, format.MaxSigned)
	if err != nil {
		return place, envelope{}, format.At(name, err)
	}
	return place, envelope{[]byte(e.Body), e.Signatures[0]}, nil
}

// placeOf reads an object's name, which must be one of typ.
func placeOf(name string, typ format.ObjectType) (format.Name, error) {
	place, ok := format.ParseName(name)
	if !ok || place.Type != typ {
		return place, format.Fail(format.WrongPlace, name, "not the name of an object of type %s", typ)
	}
	return place, nil
}

// checkPlace reads an object's name, which must be one of typ and mean these
// bytes. Readers list names and trust the hashes in them, so whoever opens an
// object makes sure.
func checkPlace(name string, object []byte, typ format.ObjectType) (format.Name, error) {
	place, err := placeOf(name, typ)
	if err != nil {
		return place, err
	}
	return place, format.CheckHash(place, object)
}

// verify checks the signature.
func (e envelope) verify(name string, key PublicKey, namespace string) error {
	return key.verify(name, namespace, e.body, e.signature)
}

// signer returns the key that the signature claims to be by.
func (e envelope) signer(name string) (PublicKey, error) {
	s, problem := parseSignature(e.signature)
	if problem != "" {
		return PublicKey{}, format.Fail(format.BadSignature, name, "%s", problem)
	}
	key, _ := publicKeyFromWire(s.key) // parseSignature has looked at it
	return key, nil
}

// unless returns a statement, and none together with an error.
func unless[T any](err error, statement *T) (*T, error) {
	if err != nil {
		return nil, err
	}
	return statement, nil
}

// checkOrigin checks what a statement says about where it comes from.
func checkOrigin(name string, repository, ours, signer format.Hash, key PublicKey) error {
	if repository != ours {
		return notOf(name, repository, ours)
	}
	if signer != key.ID() {
		return format.Fail(format.WrongWriter, name, "it speaks for %s and is signed by %s", signer, key.ID())
	}
	return nil
}

func notOf(name string, repository, ours format.Hash) error {
	return format.Fail(format.WrongRepository, name, "it belongs to %s, not %s", repository, ours)
}
