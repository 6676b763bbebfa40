package meta

import (
	"testing"
	"time"
)

func TestStamp(t *testing.T) {
	for s, want := range map[string]string{
		"Oct 19, 2019, 2:37 PM":             "2019-10-19 14:37:00",
		"Oct 19, 2019 at 2:37 PM":           "2019-10-19 14:37:00",
		"19 Oct 2019, 14:37":                "2019-10-19 14:37:00",
		"Oct 19, 2019, 2:37\u202fPM":        "2019-10-19 14:37:00",
		"Oct 19, 2019 2:37:05pm":            "2019-10-19 14:37:05",
		"Oct 19, 2019, 12:05 AM":            "2019-10-19 00:05:00",
		"19. Okt. 2019, 14:37:05":           "2019-10-19 14:37:05",
		"19 oct. 2019 à 14:37":              "2019-10-19 14:37:00",
		"19 de octubre de 2019, 2:37 p. m.": "2019-10-19 14:37:00",
		"19 ott 2019, 14:37":                "2019-10-19 14:37:00",
		"19.10.2019, 14:37":                 "2019-10-19 14:37:00",
		"2019-10-19 14:37:05":               "2019-10-19 14:37:05",
		"December 1, 2020 at 9:00 AM":       "2020-12-01 09:00:00",

		"":                              "",
		"2:37 PM":                       "",
		"Oct 19, 2019":                  "",
		"Feb 30, 2019, 2:37 PM":         "",
		"Oct 19, 2019, 25:37":           "",
		"Oct 19, 2019, 14:37 PM":        "",
		"Oct 19, 19, 2:37 PM":           "",
		"10/11/2019, 14:37":             "",
		"see you Oct 19, 2019, 2:37 PM": "",
		"Oct 19, 2019, 2:37 PM to 3:37": "",
		"1 2 3 4 5 6 7 8 9":             "",
		"99999999999999":                "",
		"Oct Oct 19, 2019, 2:37 PM":     "",
		"19 Oct 2019, 14:37, and so on and so on and so on": "",
	} {
		got, ok := parseStamp(s, "")
		if have := got.wall.Format(time.DateTime); ok != (want != "") || ok && have != want {
			t.Errorf("%q: %s, %v; want %q", s, have, ok, want)
		}
	}
	for order, want := range map[string]string{"dmy": "2019-11-10 14:37:00", "mdy": "2019-10-11 14:37:00"} {
		got, ok := parseStamp("10/11/2019, 14:37", order)
		if have := got.wall.Format(time.DateTime); !ok || have != want {
			t.Errorf("%s: %s, %v", order, have, ok)
		}
	}
}
