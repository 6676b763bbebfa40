package config_test

import (
	"errors"
	"reflect"
	"testing"

	"chatkeep/backup/config"
)

// FuzzParse reads any bytes. What is wrong has a place within them; what is right
// can be written and read again, and is the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	for _, text := range []string{
		"", "a.b.c = {d=[1,[2,{e=3}]]}\n", "[sources.ä]\n", "[sources.a]\npath='~'\nwatch=true\n", "[[jobs]]", "jobs=[]", "\xef\xbb\xbf", "[notify.a]\ntype='ping'\nurl='http://[::1'",
		"[jobs.a]\nevery='31st at 03:00'\nmax-age='5d'\nretries=0x10\n", "repository='~/\\u0000'", "[repositories.a]\nplace='file:x'\n", "sources.a={path='/[a]/*'}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse(file, data, known())
		var wrong *config.Problems
		if errors.As(err, &wrong) {
			for _, p := range wrong.Each {
				if p.Line < 1 || p.Column < 1 || p.Message == "" {
					t.Errorf("%+v", p)
				}
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := config.Parse("/elsewhere/config.toml", []byte(c.Text()), known())
		if err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%v\n%s\ngot  %+v\nwant %+v", err, c.Text(), again, c)
		}
	})
}
