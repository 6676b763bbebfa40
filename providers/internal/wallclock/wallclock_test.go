package wallclock

import (
	"testing"
	"time"
)

// TestRepeatedHour reads the hour that autumn repeats, in its order.
func TestRepeatedHour(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	lordHowe, err := time.LoadLocation("Australia/Lord_Howe") // by half an hour
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		zone     *time.Location
		readings string // HH:MM
		want     []string
		day      time.Time
	}{
		{berlin, "01:59 02:10 02:50 02:05 02:50 03:00", []string{"23:59", "00:10", "00:50", "01:05", "01:50", "02:00"}, time.Date(2024, 10, 27, 0, 0, 0, 0, time.UTC)},
		{lordHowe, "01:20 01:40 01:35 02:10", []string{"14:20", "14:40", "15:05", "15:40"}, time.Date(2024, 4, 7, 0, 0, 0, 0, time.UTC)},
		{time.UTC, "02:10 02:05", []string{"02:10", "02:05"}, time.Date(2024, 10, 27, 0, 0, 0, 0, time.UTC)},
	} {
		clock := Clock{Zone: c.zone}
		for i := 0; i*6 < len(c.readings); i++ {
			r, err := time.Parse("15:04", c.readings[i*6:i*6+5])
			if err != nil {
				t.Fatal(err)
			}
			at := clock.At(c.day.Add(time.Duration(r.Hour())*time.Hour + time.Duration(r.Minute())*time.Minute))
			if got := at.UTC().Format("15:04"); got != c.want[i] {
				t.Errorf("%s, reading %d: %s, want %s", c.zone, i, got, c.want[i])
			}
		}
	}
	wall := time.Date(2024, 10, 27, 2, 30, 0, 0, time.UTC)
	if at := In(wall, berlin); at.UTC().Hour() != 0 {
		t.Errorf("alone it is %s", at.UTC())
	}
}
