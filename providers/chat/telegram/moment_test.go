package telegram

import (
	"testing"
	"time"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

func TestTimes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		unix, date string
		want       string // "" where there is none
		source     chat.ZoneSource
		precision  chat.Precision
	}{
		{`"1704103200"`, `"2024-01-01T10:00:00"`, "2024-01-01T10:00:00Z", chat.FromExport, chat.Second},
		{`"1704103200"`, `"2024-01-01T13:30:00"`, "2024-01-01T13:30:00+03:30", chat.FromExport, chat.Second},
		{`1704103200`, `"2024-01-01T05:00:00"`, "2024-01-01T05:00:00-05:00", chat.FromExport, chat.Second},
		{`"1704103200"`, `"2024-01-01T10:00:07"`, "2024-01-01T10:00:00Z", chat.FromExport, chat.Second}, // no zone is so
		{`"1704103200"`, `"2024-01-09T10:00:00"`, "2024-01-01T10:00:00Z", chat.FromExport, chat.Second},
		{`"1704103200"`, ``, "2024-01-01T10:00:00Z", chat.FromExport, chat.Second},
		{``, `"2024-01-01T10:00:00"`, "2024-01-01T10:00:00+01:00", chat.FromUser, chat.Second},
		{``, `"2024-07-01T10:00:00"`, "2024-07-01T10:00:00+02:00", chat.FromUser, chat.Second},
		{``, `"2024-07-01T10:00:00.25Z"`, "2024-07-01T10:00:00.25Z", chat.FromExport, chat.Millisecond},
		{``, `"2024-07-01T10:00:00-07:00"`, "2024-07-01T10:00:00-07:00", chat.FromExport, chat.Second},
		{``, `"2024-02-30T10:00:00"`, "", "", ""},
		{``, `"2024-01-01T24:00:00"`, "", "", ""},
		{``, `"2024-01-01T10:00"`, "", "", ""},
		{``, `"0000-01-01T10:00:00"`, "", "", ""},
		{``, `"1 January 2024 at ten"`, "", "", ""},
		{`"99999999999999"`, ``, "", "", ""},
		{`"yesterday"`, `7`, "", "", ""},
	} {
		m, ok := newClock(berlin).read(jsonstream.Value(c.unix), jsonstream.Value(c.date))
		got := ""
		if ok {
			got = m.at.Format(time.RFC3339Nano)
		}
		if got != c.want || ok && (m.zone != c.source || m.precision != c.precision) {
			t.Errorf("%s, %s: %s from %s to %s; want %s", c.unix, c.date, got, m.zone, m.precision, c.want)
		}
	}
	if m, _ := newClock(nil).read(nil, jsonstream.Value(`"2024-01-01T10:00:00"`)); m.zone != chat.FromDevice {
		t.Errorf("zone from %s", m.zone)
	}
}

// TestRepeatedHour reads the hour that autumn repeats in its order, and warns where
// nobody says the zone.
func TestRepeatedHour(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	text := `{"name":"A","type":"personal_chat","id":5,"messages":[
		{"id":1,"type":"message","date":"2020-10-25T02:30:00","from":"A","from_id":5,"text":"a"},
		{"id":2,"type":"message","date":"2020-10-25T02:10:00","edited":"2020-10-25T03:10:00","from":"A","from_id":5,"text":"b"}]}`
	m := readText(t, text, chat.Options{Zone: berlin}).all()
	if a, b := m[0].Time.UTC().Format("15:04"), m[1].Time.UTC().Format("15:04"); a != "00:30" || b != "01:10" || m[1].Edits[0].Time.UTC().Hour() != 2 {
		t.Errorf("%s, %s, edited %s", a, b, m[1].Edits[0].Time.UTC())
	}
	s := openText(t, text)
	for c := range s.Conversations(t.Context()) {
		for range s.Messages(t.Context(), c) {
		}
	}
	if w := s.Accounts().Warnings; len(w) != 1 {
		t.Errorf("warnings %q", w)
	}
}

func TestPeers(t *testing.T) {
	for text, want := range map[string]string{
		`"user5"`: "user5", `"channel5"`: "channel5", `5`: "user5", `"5"`: "user5", `4294967301`: "user5", `8589934597`: "chat5", `8589934598`: "channel6",
		`0`: "", `null`: "", ``: "", `{}`: "", `99999999999`: "user99999999999", `1.5`: "1.5", `"somebody"`: "somebody",
	} {
		if got := peerOf(jsonstream.Value(text), "chat5"); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
