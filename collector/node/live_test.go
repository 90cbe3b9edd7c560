package node

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/record"
)

func TestLiveIsWhatWasSaidLastOfEachFeed(t *testing.T) {
	n := open(t)
	before := record.At(time.Now())
	check := func(want map[string]string) {
		t.Helper()
		docs, err := n.Live(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, d := range docs {
			if got[d.Feed] = string(d.Doc); d.At < before {
				t.Errorf("%s was said at %s", d.Feed, d.At)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	set := func(docs ...LiveDocument) {
		t.Helper()
		if err := n.SetLive(t.Context(), docs); err != nil {
			t.Fatal(err)
		}
	}
	check(map[string]string{})
	set(LiveDocument{Feed: "pbx", Doc: []byte(`1`)}, LiveDocument{Feed: `it's "b"`, Doc: []byte(`2`)}, LiveDocument{Feed: "c", Doc: []byte(`3`)})
	set(LiveDocument{Feed: "pbx", Doc: []byte(`4`)})
	check(map[string]string{"pbx": "4", `it's "b"`: "2", "c": "3"})
	if err := n.KeepLive(t.Context(), []string{`it's "b"`, "unknown"}); err != nil {
		t.Fatal(err)
	}
	check(map[string]string{`it's "b"`: "2"})
	if err := n.KeepLive(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	check(map[string]string{})
}
