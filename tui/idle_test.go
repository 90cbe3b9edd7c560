package tui

import (
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/node"
)

// TestIdle holds that of a server whose twind does not run no screen says that
// anything starts there, or that all is well, and that no key begins what only
// twind does.
func TestIdle(t *testing.T) {
	f := pictures()["timetables_idle"]
	list := render(f, 120, 30, Theme{})
	for _, never := range []string{"+ armed", "R run now  "} {
		if strings.Contains(list, never) {
			t.Errorf("it says %q:\n%s", never, list)
		}
	}
	for _, key := range []string{"R", "b"} {
		after, w := f.press(key)
		if after.asking != nil || w.run != nil || !strings.Contains(after.message.text, "twind does not run on cms-a: systemctl start twind") {
			t.Errorf("%s begins something, and says %q", key, after.message.text)
		}
	}
	if got := render(pictures()["alarms_idle"], 80, 24, Theme{}); !strings.Contains(got, "as it was when twind ran last") || strings.Contains(got, "nothing wants") {
		t.Errorf("nothing says of when the alarms are:\n%s", got)
	}
	v := pair()
	v.Own.Running = false
	twin := side{doc: &v.Twin.Document, told: v.Now.Sub(v.Twin.At), link: node.TwinDocument{State: "ok"}}
	own := side{here: true, doc: &v.Own}
	for _, tell := range []func(side) line{v.arming, v.comings} {
		if got := tell(own).draw(Theme{}, 80); !strings.HasPrefix(got, "x no twind") {
			t.Errorf("of a server that does nothing it says %q", got)
		}
		if got := tell(twin).draw(Theme{}, 80); strings.Contains(got, "no twind") {
			t.Errorf("of one that does its work it says %q", got)
		}
	}
}
