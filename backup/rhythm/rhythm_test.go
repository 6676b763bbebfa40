package rhythm_test

import (
	"testing"
	"time"
	_ "time/tzdata" // a machine without zones must not skip the hard cases

	"chatkeep/backup/rhythm"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestNext(t *testing.T) {
	const layout = "2006-01-02 15:04:05 -0700"
	for _, test := range []struct{ rhythm, zone, last, next string }{
		{"6h", "UTC", "2026-11-20 22:30:10 +0000", "2026-11-21 04:30:10 +0000"},
		{"1d12h", "UTC", "2026-11-20 22:30:10 +0000", "2026-11-22 10:30:10 +0000"},
		{"hour", "UTC", "2026-11-20 22:30:10 +0000", "2026-11-20 23:00:00 +0000"},
		{"hour at :20", "UTC", "2026-11-20 22:20:00 +0000", "2026-11-20 23:20:00 +0000"},
		{"hour at :20", "UTC", "2026-11-20 22:19:59 +0000", "2026-11-20 22:20:00 +0000"},
		{"day at 03:00", "UTC", "2026-11-20 02:59:59 +0000", "2026-11-20 03:00:00 +0000"},
		{"day at 03:00", "UTC", "2026-11-20 03:00:00 +0000", "2026-11-21 03:00:00 +0000"},
		{"daily", "UTC", "2026-12-31 03:00:00 +0000", "2027-01-01 03:00:00 +0000"},
		{"Monday at 3:00", "UTC", "2026-11-20 03:00:00 +0000", "2026-11-23 03:00:00 +0000"},
		{"sunday at 23:59", "UTC", "2026-11-22 23:59:00 +0000", "2026-11-29 23:59:00 +0000"},
		{"31st at 12:00", "UTC", "2026-01-31 12:00:00 +0000", "2026-02-28 12:00:00 +0000"},
		{"31st at 12:00", "UTC", "2028-01-31 12:00:00 +0000", "2028-02-29 12:00:00 +0000"},
		{"2nd at 00:00", "UTC", "2026-11-02 00:00:00 +0000", "2026-12-02 00:00:00 +0000"},
		// Berlin skips 02:00 to 03:00 on 29 March 2026 and has it twice on 25 October.
		{"day at 02:30", "Europe/Berlin", "2026-03-28 02:30:00 +0100", "2026-03-29 03:00:00 +0200"},
		{"day at 02:30", "Europe/Berlin", "2026-03-29 03:00:00 +0200", "2026-03-30 02:30:00 +0200"},
		{"day at 02:30", "Europe/Berlin", "2026-10-24 02:30:00 +0200", "2026-10-25 02:30:00 +0200"},
		{"day at 02:30", "Europe/Berlin", "2026-10-25 02:30:00 +0200", "2026-10-26 02:30:00 +0100"},
		{"day at 03:00", "Europe/Berlin", "2026-10-24 03:00:00 +0200", "2026-10-25 03:00:00 +0100"},
		{"hour", "Europe/Berlin", "2026-10-25 02:00:00 +0200", "2026-10-25 02:00:00 +0100"},
		{"hour", "Europe/Berlin", "2026-03-29 01:00:00 +0100", "2026-03-29 03:00:00 +0200"},
		// Half an hour on Lord Howe; midnight in Beirut; a whole day in Samoa.
		{"day at 02:15", "Australia/Lord_Howe", "2026-10-03 02:15:00 +1030", "2026-10-04 02:30:00 +1100"},
		{"day at 01:45", "Australia/Lord_Howe", "2026-04-04 01:45:00 +1100", "2026-04-05 01:45:00 +1100"},
		{"day at 00:10", "Asia/Beirut", "2026-03-28 00:10:00 +0200", "2026-03-29 01:00:00 +0300"},
		{"day at 12:00", "Pacific/Apia", "2011-12-29 12:00:00 -1000", "2011-12-31 12:00:00 +1400"},
	} {
		r, err := rhythm.Parse(test.rhythm)
		if err != nil {
			t.Fatal(err)
		}
		last, err := time.Parse(layout, test.last)
		if err != nil {
			t.Fatal(err)
		}
		if next := r.Next(last.In(zone(t, test.zone))).Format(layout); next != test.next {
			t.Errorf("%s in %s after %s: %s, not %s", test.rhythm, test.zone, test.last, next, test.next)
		}
	}
}

func TestNever(t *testing.T) {
	for _, text := range []string{"never", " Never "} {
		r, err := rhythm.Parse(text)
		if err != nil || !r.Never() || !r.Next(time.Now()).IsZero() {
			t.Errorf("%q: %v, %v, due %v", text, err, r.Never(), r.Next(time.Now()))
		}
	}
	if r := (rhythm.Rhythm{}); !r.Never() || r.String() != "never" {
		t.Errorf("the zero rhythm is %s", r)
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{
		"", " ", "day", "monday", "1st", "0th at 03:00", "32nd at 03:00", "day at 24:00", "day at 03:60", "day at 3", "day at 03:0x",
		"day at +3:00", "day at -1:00", "day at 003:00", "hour at 03:20", "hour at 20", "never at 03:00", "6h at 03:00", "0h", "h", "6", "6 h",
		"1000000h", "99999w", "30501w", "60000d60000d", "-6h", "6h30", "fortnight", "day by 03:00", "day at 03:00 sharp", "1.5h",
	} {
		if r, err := rhythm.Parse(text); err == nil {
			t.Errorf("%q is %#v", text, r)
		}
	}
}

// FuzzParse wants that whatever is read as a rhythm moves on, and reads the same
// again as it is shown.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"6h", "hour at :20", "day at 03:00", "31st at 2:30", "sunday at 00:00", "never", "weekly"} {
		f.Add(text, int64(1_774_000_000))
	}
	z := zone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, text string, at int64) {
		r, err := rhythm.Parse(text)
		if err != nil {
			return
		}
		again, err := rhythm.Parse(r.String())
		if err != nil || again != r {
			t.Errorf("%q shows as %q, which is %v, %v", text, r, again, err)
		}
		last := time.Unix(at%4_000_000_000, 0).In(z)
		if next := r.Next(last); !r.Never() && !next.After(last) {
			t.Errorf("%q is due again at %v after %v", text, next, last)
		}
	})
}
