package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"chatkeep/backup/format"
)

func gkey(s string) SigningKey { return SigningKeyFromSeed(format.Sum([]byte("chatkeep vector: " + s))) }

type m = map[string]any

func write(t *testing.T, name string, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("testdata/vectors/"+name, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func flipArmour(s string, at int) string {
	body := strings.TrimSuffix(strings.TrimPrefix(s, sigBegin), sigEnd)
	blob := must(base64.StdEncoding.DecodeString(body))
	if at < 0 {
		at += len(blob)
	}
	blob[at] ^= 1
	return rewrap(blob, 70, "\n")
}

func rewrap(blob []byte, cols int, nl string) string {
	text := base64.StdEncoding.EncodeToString(blob)
	out := "-----BEGIN SSH SIGNATURE-----" + nl
	for len(text) > 0 {
		n := min(cols, len(text))
		out += text[:n] + nl
		text = text[n:]
	}
	return out + "-----END SSH SIGNATURE-----" + nl
}

func blobOf(s string) []byte {
	body := strings.TrimSuffix(strings.TrimPrefix(s, sigBegin), sigEnd)
	return must(base64.StdEncoding.DecodeString(body))
}

func TestGen(t *testing.T) {
	root, writer, other := gkey("root"), gkey("writer"), gkey("other root")
	genSignatures(t, root, other)
	genSecrets(t, root, writer)
	master, foreign := genMaster(t, root, other)
	keyring := genKeyring(t, master, foreign, writer)
	genSlots(t, master, foreign, keyring)
	genStatements(t, root, writer, other)
	genWriter(t, keyring, root, writer)
}

func genSignatures(t *testing.T, k, other SigningKey) {
	ns := format.NamespaceHead
	msg := "{\"type\":\"head\"}\n"
	good := k.Sign(ns, []byte(msg))
	s, _ := parseSignature(good)
	with := func(f func(*signature)) string { c := s; f(&c); return c.armour() }
	sha256sig := with(func(c *signature) { c.hash = "sha256" })
	rsa := with(func(c *signature) {
		c.key = appendString(appendString(appendString(nil, []byte("ssh-rsa")), []byte{1, 0, 1}), bytes.Repeat([]byte{0x5a}, 256))
		c.algorithm = "rsa-sha2-512"
		c.bytes = bytes.Repeat([]byte{0x5a}, 256)
	})
	high := with(func(c *signature) { // S + L: the same signature to a careless verifier
		b := bytes.Clone(c.bytes)
		l := []byte{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10}
		carry := 0
		for i := range l {
			v := int(b[32+i]) + int(l[i]) + carry
			b[32+i] = byte(v)
			carry = v >> 8
		}
		c.bytes = b
	})
	bad := func(name, text, class string) m {
		return m{"name": name, "namespace": ns, "message": msg, "armoured": text, "class": class}
	}
	stray := base64.StdEncoding.EncodeToString(blobOf(good))
	_ = stray
	oneLine := strings.Replace(good, "\n", "", 2)
	badList := []m{
		bad("empty", "", "bad-signature"),
		bad("truncated armour", good[:200], "bad-signature"),
		bad("truncated blob", rewrap(blobOf(good)[:150], 70, "\n"), "bad-signature"),
		bad("blob with a byte more", rewrap(append(blobOf(good), 0), 70, "\n"), "bad-signature"),
		bad("lines of 76 characters", rewrap(blobOf(good), 76, "\n"), "bad-signature"),
		bad("CR LF", rewrap(blobOf(good), 70, "\r\n"), "bad-signature"),
		bad("no final line feed", strings.TrimSuffix(good, "\n"), "bad-signature"),
		bad("one line feed more", good+"\n", "bad-signature"),
		bad("text before the armour", "x\n"+good, "bad-signature"),
		bad("begin line and data on one line", oneLine, "bad-signature"),
		bad("flipped bit in R", flipArmour(good, -64), "bad-signature"),
		bad("flipped bit in S", flipArmour(good, -32), "bad-signature"),
		bad("S not reduced", high, "bad-signature"),
		bad("version 2", flipVersion(good), "bad-signature"),
		bad("other magic", flipArmour(good, 0), "bad-signature"),
		bad("SHA-256 named", sha256sig, "bad-signature"),
		bad("reserved field not empty", with(func(c *signature) { c.reserved = "x" }), "bad-signature"),
		bad("signature of 63 bytes", with(func(c *signature) { c.bytes = c.bytes[:63] }), "bad-signature"),
		bad("RSA key", rsa, "bad-signature"),
		bad("another algorithm than the key's", with(func(c *signature) { c.algorithm = "ssh-ed448" }), "bad-signature"),
		bad("namespace of an authority", k.Sign(format.NamespaceAuthority, []byte(msg)), "bad-signature"),
		bad("namespace replaced after signing", with(func(c *signature) {
			c.bytes = mustSig(k.Sign(format.NamespaceAuthority, []byte(msg)))
		}), "bad-signature"),
		bad("another message", k.Sign(ns, []byte("{\"type\":\"head\"} \n")), "bad-signature"),
		bad("another key", other.Sign(ns, []byte(msg)), "wrong-writer"),
		bad("our key named, another has signed", with(func(c *signature) {
			c.bytes = mustSig(other.Sign(ns, []byte(msg)))
		}), "bad-signature"),
	}
	goodList := []m{}
	for _, g := range []struct{ name, ns, msg string }{
		{"head", ns, msg}, {"empty message", format.NamespaceAuthority, ""},
		{"namespace of 40 characters fills the last line", strings.Repeat("n", 40), "hello"},
		{"not UTF-8", format.NamespaceNote, "caf\u00e9 \u2028"},
	} {
		goodList = append(goodList, m{"name": g.name, "namespace": g.ns, "message": g.msg, "armoured": k.Sign(g.ns, []byte(g.msg))})
	}
	goodList[3]["name"] = "beyond ASCII"
	seed := format.Hash(k.Seed())
	pub := k.Public().String()
	wire := k.Public().wire()
	alt := "ssh-ed25519 " + base64.StdEncoding.EncodeToString(append(bytes.Clone(wire), 0))
	enc := base64.StdEncoding.EncodeToString(wire)
	keys := []m{
		{"name": "comment", "key": pub + " anna@laptop"},
		{"name": "line feed", "key": pub + "\n"},
		{"name": "line feed inside the base64", "key": pub[:40] + "\n" + pub[40:]},
		{"name": "options before", "key": "restrict " + pub},
		{"name": "two spaces", "key": strings.Replace(pub, " ", "  ", 1)},
		{"name": "a byte more", "key": alt},
		{"name": "cut off", "key": pub[:len(pub)-4]},
		{"name": "padding left out or in", "key": "ssh-ed25519 " + strings.TrimRight(enc, "=") + "="},
		{"name": "another type outside", "key": "ssh-rsa " + enc},
		{"name": "another type inside", "key": "ssh-ed25519 " + base64.StdEncoding.EncodeToString(bytes.Replace(wire, []byte("25519"), []byte("25518"), 1))},
		{"name": "key of 31 bytes", "key": "ssh-ed25519 " + base64.StdEncoding.EncodeToString(appendString(appendString(nil, []byte(keyType)), wire[len(wire)-31:]))},
		{"name": "empty", "key": ""},
	}
	write(t, "signatures.json", m{"seed": seed.String(), "public": pub, "id": k.Public().ID().String(), "good": goodList, "bad": badList, "bad_public_keys": keys})
}

func flipVersion(s string) string {
	b := blobOf(s)
	b[9] = 2
	return rewrap(b, 70, "\n")
}

func mustSig(armoured string) []byte { s, _ := parseSignature(armoured); return s.bytes }

func genSecrets(t *testing.T, root, writer SigningKey) {
	var cases []m
	for _, x := range []struct {
		d [32]byte
		w format.Hash
	}{
		{format.Sum([]byte("chatkeep vector: dedup")), writer.Public().ID()},
		{format.Sum([]byte("chatkeep vector: dedup")), root.Public().ID()},
		{[32]byte{}, format.Hash{}},
	} {
		sec := DedupSecret(x.d, x.w)
		s := NewSecrets(sec)
		ids := m{}
		for k := format.Kind(0); k < format.Kinds; k++ {
			ids[k.String()] = format.Hash(s.IDKey(k)).String()
		}
		cases = append(cases, m{"keyring_dedup": format.Hash(x.d).String(), "dedup": x.w.String(),
			"dedup_secret": format.Hash(sec).String(), "id_keys": ids, "cut_key": format.Hash(s.CutKey()).String()})
	}
	write(t, "secrets.json", cases)

	digits := format.Sum([]byte("chatkeep vector: recovery key")).String()[:60]
	key := string(groupRecovery(digits + recoveryCheck(digits)))
	plain := strings.ReplaceAll(key, "-", "")
	groups := strings.Split(key, "-")
	join := func(f func(g []string)) string {
		c := append([]string(nil), groups...)
		f(c)
		return strings.Join(c, "-")
	}
	good := []m{}
	for _, g := range [][2]string{
		{"as printed", key}, {"upper case", strings.ToUpper(key)}, {"spaces", strings.ReplaceAll(key, "-", " ")},
		{"nothing between", plain}, {"o for 0 and l for 1", strings.NewReplacer("0", "o", "1", "l").Replace(key)},
		{"O for 0 and L for 1", strings.NewReplacer("0", "O", "1", "L").Replace(key)},
		{"four lines", strings.Join([]string{key[:19], key[20:39], key[40:59], key[60:]}, "\r\n")},
		{"long dashes and spaces around", "  " + strings.ReplaceAll(key, "-", " \u2013 ") + "\n"},
		{"groups of eight", plain[:8] + " " + plain[8:16] + " " + plain[16:24] + " " + plain[24:32] + " " + plain[32:40] + " " + plain[40:48] + " " + plain[48:56] + " " + plain[56:]},
	} {
		good = append(good, m{"name": g[0], "typed": g[1]})
	}
	swap := func(c byte) string { return string("0123456789abcdef"[(strings.IndexByte("0123456789abcdef", c)+1)%16]) }
	bad := []m{
		{"name": "empty", "typed": "", "group": 0},
		{"name": "wrong digit", "typed": key[:10] + swap(key[10]) + key[11:], "group": 0},
		{"name": "wrong check digit", "typed": key[:len(key)-1] + swap(key[len(key)-1]), "group": 0},
		{"name": "two groups changed places", "typed": join(func(g []string) { g[3], g[4] = g[4], g[3] }), "group": 0},
		{"name": "digit left out of group 7", "typed": join(func(g []string) { g[6] = g[6][:3] }), "group": 7},
		{"name": "digit too many in group 2", "typed": join(func(g []string) { g[1] += "a" }), "group": 2},
		{"name": "last group cut off", "typed": key[:len(key)-2], "group": 16},
		{"name": "group left out", "typed": key[5:], "group": 0},
		{"name": "no hex digit in group 5", "typed": join(func(g []string) { g[4] = "g" + g[4][1:] }), "group": 5},
		{"name": "no hex digit in group 5, nothing between", "typed": plain[:17] + "z" + plain[18:], "group": 5},
		{"name": "digit left out, nothing between", "typed": plain[:63], "group": 0},
		{"name": "digits of another script", "typed": join(func(g []string) { g[0] = "\u0661" + g[0][1:] }), "group": 1},
		{"name": "no recovery key", "typed": "correct horse battery staple", "group": 0},
	}
	write(t, "recovery.json", m{"key": key, "good": good, "bad": bad})
}

func genMaster(t *testing.T, root, other SigningKey) (*Master, *Master) {
	ms := must(newMaster(root, false))
	cl := must(newMaster(root, true))
	fo := must(newMaster(other, false))
	f := string(ms.File())
	lines := strings.SplitAfter(f, "\n")
	re := func(old, new string) string {
		if !strings.Contains(f, old) {
			panic(old)
		}
		return strings.Replace(f, old, new, 1)
	}
	bad := func(name, file, class string) m { return m{"name": name, "file": file, "class": class} }
	id := ms.identity.text()
	write(t, "master.json", m{
		"good": []m{
			{"name": "hybrid", "file": f, "repository": ms.Repository.String(), "classic": false, "recipient": ms.identity.recipient().String()},
			{"name": "classic", "file": string(cl.File()), "repository": ms.Repository.String(), "classic": true, "recipient": cl.identity.recipient().String()},
		},
		"bad": []m{
			bad("empty", "", "malformed"),
			bad("extra line at the end", f+"# more\n", "malformed"),
			bad("empty line at the end", f+"\n", "malformed"),
			bad("second identity", f+cl.identity.text()+"\n", "malformed"),
			bad("comment in the middle", lines[0]+"# hello\n"+strings.Join(lines[1:], ""), "malformed"),
			bad("no final line feed", strings.TrimSuffix(f, "\n"), "malformed"),
			bad("CR LF", strings.ReplaceAll(f, "\n", "\r\n"), "malformed"),
			bad("two lines changed places", lines[0]+lines[2]+lines[1]+lines[3]+lines[4], "malformed"),
			bad("no root key", lines[0]+lines[1]+lines[2]+lines[4], "malformed"),
			bad("no identity", strings.Join(lines[:4], ""), "malformed"),
			bad("space at a line's end", re("\n# root ", " \n# root "), "malformed"),
			bad("identity in lower case", re(id, strings.ToLower(id)), "malformed"),
			bad("identity with a wrong character", re(id, id[:30]+map[bool]string{true: "Q", false: "P"}[id[30] != 'Q']+id[31:]), "malformed"),
			bad("identity of a plugin", re(id, "AGE-PLUGIN-YUBIKEY-1QQPSXQYZPEA6AEFH7WG"), "malformed"),
			bad("recipient for the identity", re(id, ms.identity.recipient().String()), "malformed"),
			bad("hash in upper case", re(ms.Repository.String(), strings.ToUpper(ms.Repository.String())), "malformed"),
			bad("root with a comment", re(ms.Root.String(), ms.Root.String()+" anna"), "malformed"),
			bad("id of another root", re(ms.Repository.String(), fo.Repository.String()), "malformed"),
			bad("root of another root key", re(ms.Root.String(), fo.Root.String()), "malformed"),
			bad("root key of another root", re(format.Hash(root.Seed()).String(), format.Hash(other.Seed()).String()), "malformed"),
			bad("version 2", re("master 1", "master 2"), "newer-format"),
			bad("no version", re("master 1", "master"), "wrong-kind"),
			bad("version 01", re("master 1", "master 01"), "malformed"),
			bad("keyring", re("master 1", "keyring 1"), "wrong-kind"),
		},
	})
	return ms, fo
}

func genKeyring(t *testing.T, ms, fo *Master, writer SigningKey) *Keyring {
	k := must(NewKeyring(ms.Repository, false))
	k.Dedup = format.Sum([]byte("chatkeep vector: dedup"))
	must(k.AddEpoch(false))
	i1, i2, ic := must(newIdentity(false)), must(newIdentity(false)), must(newIdentity(true))
	_ = k.PutWriter(KeyringWriter{ID: writer.Public().ID(), Index: i1.text(), Label: "anna's laptop \u201ehome\u201c"})
	if err := k.PutWriter(KeyringWriter{ID: gkey("writer 2").Public().ID(), Index: i2.text(), Label: "a\n# epoch 9\n\"\\\u2028\x01"}); err != nil {
		t.Fatal(err)
	}
	f := string(k.File())
	small := &Keyring{Repository: ms.Repository, Dedup: k.Dedup, Epochs: []Epoch{{N: 3, identity: ic}}}
	re := func(old, new string) string {
		if !strings.Contains(f, old) {
			panic(old)
		}
		return strings.Replace(f, old, new, 1)
	}
	lines := strings.SplitAfter(f, "\n") // 0 head 1 repo 2 dedup 3,4 writers 5 epoch1 6 id 7 epoch2 8 id
	bad := func(name, file, class string) m { return m{"name": name, "file": file, "class": class} }
	label := quote("anna's laptop \u201ehome\u201c")
	writers := func(k *Keyring) []m {
		out := []m{}
		for _, w := range k.Writers {
			out = append(out, m{"id": w.ID.String(), "index": w.Index, "label": w.Label})
		}
		return out
	}
	epochs := func(k *Keyring) []m {
		out := []m{}
		for _, e := range k.Epochs {
			out = append(out, m{"n": e.N, "recipient": e.identity.recipient().String()})
		}
		return out
	}
	write(t, "keyring.json", m{
		"good": []m{
			{"name": "two writers, two epochs", "file": f, "repository": k.Repository.String(), "dedup": format.Hash(k.Dedup).String(), "writers": writers(k), "epochs": epochs(k)},
			{"name": "classic, no writers, a later epoch alone", "file": string(small.File()), "repository": k.Repository.String(), "dedup": format.Hash(k.Dedup).String(), "writers": writers(small), "epochs": epochs(small)},
		},
		"bad": []m{
			bad("empty", "", "malformed"),
			bad("no epoch", strings.Join(lines[:5], ""), "malformed"),
			bad("epoch 0", re("# epoch 1", "# epoch 0"), "malformed"),
			bad("epoch 01", re("# epoch 1", "# epoch 01"), "malformed"),
			bad("epoch 2^53", re("# epoch 2", "# epoch 9007199254740992"), "malformed"),
			bad("epoch twice", re("# epoch 2", "# epoch 1"), "non-canonical"),
			bad("epochs descending", strings.Join(lines[:5], "")+lines[7]+lines[8]+lines[5]+lines[6], "non-canonical"),
			bad("epoch without an identity", strings.Join(lines[:8], ""), "malformed"),
			bad("identity without an epoch", f+i1.text()+"\n", "malformed"),
			bad("writers descending", strings.Join(lines[:3], "")+lines[4]+lines[3]+strings.Join(lines[5:], ""), "non-canonical"),
			bad("writer twice", strings.Join(lines[:4], "")+strings.Join(lines[3:], ""), "non-canonical"),
			bad("writer after an epoch", strings.Join(lines[:3], "")+strings.Join(lines[5:], "")+lines[3], "malformed"),
			bad("writer without a label", re(" "+label+"\n", "\n"), "malformed"),
			bad("label without quotes", re(label, "anna"), "malformed"),
			bad("label null", re(label, "null"), "malformed"),
			bad("label a number", re(label, "7"), "malformed"),
			bad("label with an unneeded escape", re(label, `"\u0061"`), "non-canonical"),
			bad("label with a space after it", re(label, label+" "), "non-canonical"),
			bad("label with an upper-case escape", re(label, `"\u001F"`), "non-canonical"),
			bad("label too long", re(label, `"`+strings.Repeat("x", 257)+`"`), "malformed"),
			bad("line feed in a label", re(label, "\"a\nb\""), "malformed"),
			bad("index identity of a plugin", re(i1.text(), "AGE-PLUGIN-YUBIKEY-1QQPSXQYZPEA6AEFH7WG"), "malformed"),
			bad("extra comment", lines[0]+"# hello\n"+strings.Join(lines[1:], ""), "malformed"),
			bad("dedup too short", re(format.Hash(k.Dedup).String(), format.Hash(k.Dedup).String()[:62]), "malformed"),
			bad("no final line feed", strings.TrimSuffix(f, "\n"), "malformed"),
			bad("CR LF", strings.ReplaceAll(f, "\n", "\r\n"), "malformed"),
			bad("version 2", re("keyring 1", "keyring 2"), "newer-format"),
			bad("master", string(ms.File()), "wrong-kind"),
		},
	})
	return k
}

func genSlots(t *testing.T, ms, fo *Master, k *Keyring) {
	digits := format.Sum([]byte("chatkeep vector: recovery key")).String()[:60]
	rk := groupRecovery(digits + recoveryCheck(digits))
	pass := "bako-tive-luro-mina-zefa-rudo"
	user := must(newIdentity(false))
	rec := must(SealRecovery(ms, rk))
	pw := must(sealScrypt(ms, pass, 10))
	rcp := must(SealRecipient(ms, user.recipient().age()))
	foreign := must(SealRecipient(fo, user.recipient().age()))
	foreignPw := must(sealScrypt(fo, pass, 10))
	c := func(name string, obj []byte, slot, secret, told, class string, proven bool) m {
		return m{"name": name, "object": slot, "bytes": base64.StdEncoding.EncodeToString(obj), "secret": secret, "told": told, "class": class, "proven": proven}
	}
	nm := func(s string, o []byte) string { return format.SlotName(s, format.Sum(o)) }
	mk := func(name, slot string, obj []byte, secret, told, class string, proven bool) m {
		return c(name, obj, nm(slot, obj), secret, told, class, proven)
	}
	us, them := ms.Repository.String(), fo.Repository.String()
	change := func(o []byte, at int) []byte {
		b := bytes.Clone(o)
		if at < 0 {
			at += len(b)
		}
		b[at] ^= 1
		return b
	}
	bomb := func(o []byte, n string) []byte {
		return bytes.Replace(o, []byte(" 10\n"), []byte(" "+n+"\n"), 1)
	}
	two := bytes.Replace(pw, []byte("\n-> scrypt"), []byte("\n-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-> scrypt"), 1)
	keyringIn := must(seal(k.File(), user.recipient().age()))
	long := must(seal(append(ms.File(), bytes.Repeat([]byte("#\n"), 40000)...), user.recipient().age()))
	plug := must(seal([]byte(strings.Replace(string(ms.File()), ms.identity.text(), "AGE-PLUGIN-YUBIKEY-1QQPSXQYZPEA6AEFH7WG", 1)), user.recipient().age()))
	list := []m{
		mk("recovery key", "recovery", rec, string(rk), "", "", true),
		mk("passphrase, work factor 10", "passphrase", pw, pass, us, "", true),
		mk("recipient, and the repository is known", "ssh", rcp, user.text(), us, "", false),
		mk("recipient, and nobody said which repository", "ssh", rcp, user.text(), "", "wrong-repository", false),
		mk("recipient, forged for another repository", "ssh", foreign, user.text(), us, "wrong-repository", false),
		mk("recipient, forged and nobody said which repository", "ssh", foreign, user.text(), "", "wrong-repository", false),
		mk("passphrase of another repository", "passphrase", foreignPw, pass, us, "wrong-repository", true),
		mk("passphrase of a repository nobody named", "passphrase", foreignPw, pass, "", "", true),
		mk("forged by recipient in the passphrase's place", "passphrase", foreign, user.text(), "", "wrong-repository", false),
		mk("wrong passphrase", "passphrase", pw, pass+"x", us, "wrong-key", false),
		mk("empty passphrase", "passphrase", pw, "", us, "wrong-key", false),
		mk("recovery key for a passphrase", "passphrase", pw, string(rk), us, "wrong-key", false),
		mk("passphrase for a recipient", "ssh", rcp, pass, us, "wrong-key", false),
		mk("another identity", "ssh", rcp, ms.identity.text(), us, "wrong-key", false),
		mk("scrypt work factor 21", "passphrase", bomb(pw, "21"), pass, us, "oversized", false),
		mk("scrypt work factor 22", "passphrase", bomb(pw, "22"), pass, us, "oversized", false),
		mk("scrypt work factor beyond 64 bits", "passphrase", bomb(pw, "99999999999999999999"), pass, us, "oversized", false),
		mk("scrypt bomb against another identity", "ssh", bomb(pw, "30"), user.text(), us, "oversized", false),
		mk("scrypt work factor that is none", "passphrase", bomb(pw, "ten"), pass, us, "malformed", false),
		mk("scrypt beside another recipient", "passphrase", two, pass, us, "malformed", false),
		mk("flipped bit in the header's MAC", "recovery", changeMAC(rec), string(rk), us, "flipped", false),
		mk("flipped bit in the payload", "recovery", change(rec, -20), string(rk), us, "flipped", false),
		mk("cut in the payload", "recovery", rec[:len(rec)-1], string(rk), us, "flipped", false),
		mk("cut before the payload", "recovery", rec[:bytes.Index(rec, []byte("--- "))+48+5], string(rk), us, "truncated", false),
		mk("cut in the header", "recovery", rec[:60], string(rk), us, "truncated", false),
		mk("cut in the first line", "recovery", rec[:10], string(rk), us, "truncated", false),
		mk("a byte more", "recovery", append(bytes.Clone(rec), 0), string(rk), us, "flipped", false),
		mk("in armour", "recovery", []byte("-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n"), string(rk), us, "malformed", false),
		mk("not an age file", "recovery", []byte("hello\n"), string(rk), us, "malformed", false),
		c("bytes of another object", pw, nm("recovery", rec), string(rk), us, "flipped", false),
		c("name of a keyring", rec, format.KeyringName(1, format.Sum(rec)), string(rk), us, "wrong-place", false),
		c("no object's name", rec, "recovery.age", string(rk), us, "wrong-place", false),
		mk("keyring inside", "ssh", keyringIn, user.text(), us, "wrong-kind", false),
		mk("identity of a plugin inside", "ssh", plug, user.text(), us, "malformed", false),
		mk("more than 64 KiB", "ssh", long, user.text(), us, "oversized", false),
	}
	_ = them
	// keyrings
	ko := must(k.Seal(ms.Recipient()))
	theirs := must(NewKeyring(fo.Repository, false))
	kt := must(seal(theirs.File(), ms.Recipient()))
	kf := must(theirs.Seal(fo.Recipient()))
	km := must(seal(ms.File(), ms.Recipient()))
	kn := func(o []byte) string { return format.KeyringName(1, format.Sum(o)) }
	kc := func(name string, o []byte, class string) m {
		return m{"name": name, "object": kn(o), "bytes": base64.StdEncoding.EncodeToString(o), "class": class}
	}
	keyrings := []m{
		kc("keyring", ko, ""),
		kc("of another repository, to our master", kt, "wrong-repository"),
		kc("of another repository, to its master", kf, "wrong-key"),
		kc("a master inside", km, "wrong-kind"),
		kc("flipped bit in the payload", change(ko, -20), "flipped"),
		{"name": "bytes of another object", "object": kn(ko), "bytes": base64.StdEncoding.EncodeToString(kt), "class": "flipped"},
		{"name": "name of a slot", "object": nm("recovery", ko), "bytes": base64.StdEncoding.EncodeToString(ko), "class": "wrong-place"},
	}
	write(t, "sealed.json", m{"repository": us, "master": string(ms.File()), "slots": list, "keyrings": keyrings})
	_ = age.Decrypt
}

func changeMAC(o []byte) []byte {
	b := bytes.Clone(o)
	i := bytes.Index(b, []byte("\n--- ")) + 10
	if b[i] == 'A' {
		b[i] = 'B'
	} else {
		b[i] = 'A'
	}
	return b
}

func genStatements(t *testing.T, root, writer, other SigningKey) {
	repo := root.Public().ID()
	h := func(s string) format.Hash { return format.Sum([]byte("chatkeep vector: " + s)) }
	w2 := gkey("writer 2")
	a := func() *format.Authority {
		ws := []format.AuthorityWriter{}
		for _, k := range []SigningKey{writer, w2} {
			id := k.Public().ID()
			ws = append(ws, format.AuthorityWriter{ID: id, Key: k.Public().String(), Role: format.RoleWriter, Dedup: id})
		}
		ws[1].Role = format.RolePrune
		if ws[0].ID.Compare(ws[1].ID) > 0 {
			ws[0], ws[1] = ws[1], ws[0]
		}
		return &format.Authority{Repository: repo, N: 1, Root: root.Public().String(), Epoch: 1,
			Slots:   []format.Slot{{Name: "recovery", Kind: "recovery", SHA256: h("slot"), Size: 700}},
			Keyring: format.KeyringRef{N: 1, SHA256: h("keyring"), Size: 2000},
			Writers: ws, Grace: 172800, Session: 86400}
	}
	head := func() *format.Head {
		return &format.Head{Repository: repo, Writer: writer.Public().ID(), Seq: 1, Time: time.Unix(1700000000, 0).UTC(), Epoch: 1,
			Manifest: &format.Ref{SHA256: h("manifest"), Size: 5000},
			Live:     &format.LiveSet{Packs: []format.Ref{{SHA256: h("pack"), Size: 70000}}, Index: []format.Ref{{SHA256: h("index"), Size: 4000}}},
			Authority: h("authority")}
	}
	tomb := func() *format.Tombstone {
		return &format.Tombstone{Repository: repo, Signer: w2.Public().ID(), Time: time.Unix(1700000000, 0).UTC(), Authority: h("authority"), Packs: []format.Hash{h("pack")}}
	}
	note := func() *format.Note {
		return &format.Note{Repository: repo, Writer: writer.Public().ID(), About: "drill", Time: time.Unix(1700000000, 0).UTC(), Text: "it came back \u2714"}
	}
	aName := func(o []byte, n uint64) string { return format.AuthorityName(n, format.Sum(o)) }
	hName := func(o []byte, n uint64) string { return format.HeadName(writer.Public().ID(), n, format.Sum(o)) }
	tName := func(o []byte) string { return format.TombstoneName(format.Sum(o)) }
	nName := format.NoteName(writer.Public().ID(), h("sealed note"))
	var cases []m
	add := func(name, kind, object string, bytes []byte, class string) {
		cases = append(cases, m{"name": name, "kind": kind, "object": object, "bytes": string(bytes), "class": class})
	}
	A := func(name string, o []byte, class string) { add(name, "authority", aName(o, 1), o, class) }
	H := func(name string, o []byte, class string) { add(name, "head", hName(o, 1), o, class) }
	goodA, goodH := SignAuthority(root, a()), SignHead(writer, head())
	A("authority", goodA, "")
	foreign := a()
	foreign.Repository, foreign.Root = other.Public().ID(), other.Public().String()
	A("authority of another repository", SignAuthority(other, foreign), "wrong-repository")
	A("authority of another repository signed by our root", SignAuthority(root, foreign), "wrong-repository")
	A("our statement signed by a foreign root", SignAuthority(other, a()), "wrong-writer")
	A("our statement signed by a writer", SignAuthority(writer, a()), "wrong-writer")
	swapped := a()
	swapped.Root = other.Public().String()
	A("our id with a foreign root in it, signed by the foreign root", SignAuthority(other, swapped), "wrong-writer")
	A("our id with a foreign root in it, signed by ours", SignAuthority(root, swapped), "malformed")
	A("signed as a head", SignStatement(root, format.NamespaceHead, a().Encode()), "bad-signature")
	A("a head signed as an authority", SignStatement(root, format.NamespaceAuthority, head().Encode()), "wrong-kind")
	sub := func(b []byte, old, new string) []byte {
		if !bytes.Contains(b, []byte(old)) {
			panic(old)
		}
		return bytes.Replace(b, []byte(old), []byte(new), 1)
	}
	A("newer format, signed", SignStatement(root, format.NamespaceAuthority, sub(a().Encode(), `"format":1`, `"format":2`)), "newer-format")
	A("newer format, not signed by the root", SignStatement(writer, format.NamespaceAuthority, sub(a().Encode(), `"format":1`, `"format":2`)), "wrong-writer")
	A("requirement, signed", SignStatement(root, format.NamespaceAuthority, sub(a().Encode(), `"requires":[]`, `"requires":["x"]`)), "unknown-requirement")
	A("requirement put in after signing", sub(goodA, `\"requires\":[]`, `\"requires\":[\"x\"]`), "bad-signature")
	A("white space in the body", SignStatement(root, format.NamespaceAuthority, sub(a().Encode(), `"format":1`, `"format": 1`)), "non-canonical")
	A("white space in the envelope", sub(goodA, `{"body":`, `{ "body":`), "non-canonical")
	A("grace changed after signing", sub(goodA, "172800", "272800"), "bad-signature")
	add("authority 1 in the place of 2", "authority", aName(goodA, 2), goodA, "wrong-place")
	add("bytes of another object", "authority", aName(goodA, 1), goodH, "flipped")
	add("authority in the place of a head", "authority", hName(goodA, 1), goodA, "wrong-place")
	env := func(body []byte, sigs ...string) []byte {
		e := format.Envelope{Body: string(body), Signatures: sigs}
		return e.Encode()
	}
	good := root.Sign(format.NamespaceAuthority, a().Encode())
	A("second signature of an unknown type", env(a().Encode(), good, "-----BEGIN OTHER-----\n"), "")
	A("good signature second", env(a().Encode(), writer.Sign(format.NamespaceAuthority, a().Encode()), good), "wrong-writer")
	A("no signature", env(a().Encode()), "bad-signature")
	A("empty signature", env(a().Encode(), ""), "bad-signature")
	A("truncated armour", env(a().Encode(), good[:150]), "bad-signature")
	A("armour in lines of 76", env(a().Encode(), rewrap(blobOf(good), 76, "\n")), "bad-signature")
	A("cut object", goodA[:len(goodA)-40], "truncated")

	H("head", goodH, "")
	H("head of another writer", SignHead(w2, head()), "wrong-writer")
	spoof := head()
	spoof.Writer = w2.Public().ID()
	H("head that speaks for another writer", SignHead(writer, spoof), "wrong-writer")
	fr := head()
	fr.Repository = other.Public().ID()
	H("head for another repository", SignHead(writer, fr), "wrong-repository")
	H("head signed as an authority", SignStatement(writer, format.NamespaceAuthority, head().Encode()), "bad-signature")
	H("an authority signed as a head", SignStatement(writer, format.NamespaceHead, a().Encode()), "wrong-kind")
	add("head 1 in the place of 2", "head", hName(goodH, 2), goodH, "wrong-place")
	add("head in another writer's place", "head", format.HeadName(w2.Public().ID(), 1, format.Sum(goodH)), goodH, "wrong-place")

	gt := SignTombstone(w2, tomb())
	add("tombstone", "tombstone", tName(gt), gt, "")
	bt := SignTombstone(writer, tomb())
	add("tombstone by another key", "tombstone", tName(bt), bt, "wrong-writer")
	sp := tomb()
	sp.Signer = writer.Public().ID()
	bt = SignTombstone(w2, sp)
	add("tombstone that speaks for another", "tombstone", tName(bt), bt, "wrong-writer")
	bt = SignStatement(w2, format.NamespaceHead, tomb().Encode())
	add("tombstone signed as a head", "tombstone", tName(bt), bt, "bad-signature")
	ot := tomb()
	ot.Repository = other.Public().ID()
	bt = SignTombstone(w2, ot)
	add("tombstone for another repository", "tombstone", tName(bt), bt, "wrong-repository")

	gn := SignNote(writer, note())
	add("note", "note", nName, gn, "")
	add("note with another text", "note", nName, sub(gn, "it came back", "it came bacK"), "bad-signature")
	add("note by another key", "note", nName, SignNote(w2, note()), "wrong-writer")
	on := note()
	on.Repository = other.Public().ID()
	add("note for another repository", "note", nName, SignNote(writer, on), "wrong-repository")
	add("note in another writer's place", "note", format.NoteName(w2.Public().ID(), h("sealed note")), gn, "wrong-place")
	un := note()
	add("note without a signature", "note", nName, un.Encode(), "bad-signature")
	un.Signature = writer.Sign(format.NamespaceHead, un.Unsigned())
	add("note signed as a head", "note", nName, un.Encode(), "bad-signature")
	write(t, "statements.json", m{"repository": repo.String(), "root": root.Public().String(), "writer": writer.Public().String(), "pruner": w2.Public().String(), "cases": cases})
}

func genWriter(t *testing.T, k *Keyring, root, writer SigningKey) {
	sec := DedupSecret(k.Dedup, writer.Public().ID())
	kw, _ := k.Writer(writer.Public().ID())
	idx, _ := parseIdentity(kw.Index)
	w := &Writer{Repository: k.Repository, Root: root.Public(), ID: writer.Public().ID(), Dedup: writer.Public().ID(), Epoch: 2, signing: writer, index: idx, dedup: &sec}
	w.epoch = k.Epochs[1].identity.recipient()
	f := string(w.Marshal())
	re := func(old, new string) string {
		if !strings.Contains(f, old) {
			panic(old)
		}
		return strings.Replace(f, old, new, 1)
	}
	cl := must(newIdentity(true))
	bad := func(name, file, class string) m { return m{"name": name, "file": file, "class": class} }
	write(t, "writer.json", m{
		"good": []m{{"name": "hybrid", "file": f, "repository": w.Repository.String(), "writer": w.ID.String(), "epoch": 2,
			"recipient": w.epoch.String(), "index_recipient": idx.recipient().String(), "cut_key": format.Hash(w.CutKey()).String()}},
		"bad": []m{
			bad("empty", "", "malformed"),
			bad("cut off", f[:100], "malformed"),
			bad("no final line feed", strings.TrimSuffix(f, "\n"), "non-canonical"),
			bad("something after it", f+"{}\n", "malformed"),
			bad("white space", re(":", ": "), "non-canonical"),
			bad("unknown key", re(`"format":1,`, `"format":1,"x":1,`), "non-canonical"),
			bad("key twice", re(`"format":1,`, `"format":1,"format":1,`), "non-canonical"),
			bad("key in another case", re(`"format"`, `"Format"`), "non-canonical"),
			bad("another type", re("writer-key", "reader-key"), "wrong-kind"),
			bad("format 2", re(`"format":1`, `"format":2`), "newer-format"),
			bad("format 0", re(`"format":1`, `"format":0`), "malformed"),
			bad("root with a comment", re(root.Public().String(), root.Public().String()+" x"), "malformed"),
			bad("root of another repository", re(root.Public().String(), gkey("other root").Public().String()), "malformed"),
			bad("another signing key", re(format.Hash(writer.Seed()).String(), format.Hash(root.Seed()).String()), "malformed"),
			bad("another writer", re(`"writer":"`+w.ID.String(), `"writer":"`+w.Repository.String()), "malformed"),
			bad("epoch 0", re(`"epoch":2`, `"epoch":0`), "malformed"),
			bad("epoch 2^53", re(`"epoch":2`, `"epoch":9007199254740992`), "malformed"),
			bad("index identity of a plugin", re(idx.text(), "AGE-PLUGIN-YUBIKEY-1QQPSXQYZPEA6AEFH7WG"), "malformed"),
			bad("recipient of a plugin", re(w.epoch.String(), "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"), "malformed"),
			bad("SSH recipient", re(w.epoch.String(), root.Public().String()), "malformed"),
			bad("classic index identity with a hybrid recipient", re(idx.text(), cl.text()), "malformed"),
			bad("master", strings.Repeat("#", 10), "malformed"),
			bad("hash in upper case", re(w.Repository.String(), strings.ToUpper(w.Repository.String())), "malformed"),
		},
	})
}
