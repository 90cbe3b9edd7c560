package timetable

import "testing"

func TestNowhere(t *testing.T) {
	const rest = ": want primary, secondary, both or one of the pair"
	for _, c := range []struct{ runsOn, twin, want string }{
		{OnPrimary, "", ""},
		{OnSecondary, "", ""},
		{OnBoth, "cms-b", ""},
		{"cms-a", "", ""},
		{"cms-b", "cms-b", ""},
		{"cms-b", "", "it runs on cms-b, and this server is cms-a" + rest},
		{"cms-c", "cms-b", "it runs on cms-c, and this server is cms-a, its twin cms-b" + rest},
		{"tertiary", "cms-b", "it runs on tertiary, and this server is cms-a, its twin cms-b" + rest},
	} {
		if got := (Timetable{RunsOn: c.runsOn}).Nowhere("cms-a", c.twin); got != c.want {
			t.Errorf("%s with twin %q: %q, want %q", c.runsOn, c.twin, got, c.want)
		}
	}
}
