package app

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/link"
)

func TestTwinAlarms(t *testing.T) {
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	section := func(kind string) []exchange.Section {
		return []exchange.Section{{Name: "pbx", Keys: map[string]string{"kind": kind}}}
	}
	feeds := func(incarnation string) []node.FeedDocument {
		return []node.FeedDocument{{Name: "pbx", Incarnation: incarnation}}
	}
	for name, c := range map[string]struct {
		change func(b *bond, theirs *exchange.Word)
		want   []string // codes
		says   string   // in the first one's text
	}{
		"all is well": {func(*bond, *exchange.Word) {}, nil, ""},
		"alone":       {func(b *bond, _ *exchange.Word) { b.name, b.standing = "", exchange.Standing{} }, nil, ""},
		"not asked yet": {
			func(b *bond, _ *exchange.Word) { b.standing = exchange.Standing{State: exchange.Unknown} }, nil, "",
		},
		"frozen": {func(b *bond, _ *exchange.Word) {
			b.standing.State, b.standing.Err = exchange.Frozen, errors.New("no answer for 4 s")
		}, []string{"twin_frozen"}, "cms-b is frozen: no answer for 4 s"},
		"an error of the link says it all": {func(b *bond, _ *exchange.Word) {
			to := link.Target{Name: "cms-b", Address: "twin@10.0.0.7:22"}
			b.standing.State, b.standing.Err = exchange.Unreachable, fmt.Errorf("%s: %w: connection refused", to, link.ErrUnreachable)
		}, []string{"twin_unreachable"}, "twin cms-b at twin@10.0.0.7:22: unreachable: connection refused"},
		"unreachable, but it reaches us": {func(b *bond, _ *exchange.Word) {
			b.standing.State, b.standing.Err, b.asked = exchange.Unreachable, errors.New("refused"), now.Add(-3*time.Second)
		}, []string{"twin_unreachable"}, "it reaches this server, though (3s ago)"},
		"we reach it, it does not reach us": {func(_ *bond, w *exchange.Word) {
			w.Doc.Twin = &node.TwinDocument{State: "mute", Error: "it says nothing"}
		}, []string{"link_one_way"}, "cms-b does not reach this server: it says nothing"},
		"clock ahead":    {func(b *bond, _ *exchange.Word) { b.standing.Ahead = 90 * time.Second }, []string{"clocks_differ"}, "by 1m30s"},
		"clock behind":   {func(b *bond, _ *exchange.Word) { b.standing.Ahead = -90 * time.Second }, []string{"clocks_differ"}, "by -1m30s"},
		"zones":          {func(_ *bond, w *exchange.Word) { w.Zones = "2025a" }, []string{"zones_differ"}, "2026b here and 2025a on cms-b"},
		"zones built in": {func(_ *bond, w *exchange.Word) { w.Zones = "of go1.26.0" }, []string{"zones_differ"}, "2026b here and of go1.26.0 on cms-b"},
		"zones of one":   {func(_ *bond, w *exchange.Word) { w.Zones = "" }, nil, ""},
		"two of a role": {
			func(_ *bond, w *exchange.Word) { w.Doc.Role = node.Primary }, []string{"roles_equal"}, "are both primary",
		},
		"feeds":                 {func(_ *bond, w *exchange.Word) { w.Feeds = section("tail") }, []string{"feeds_differ"}, "twinctl config diff"},
		"another run":           {func(_ *bond, w *exchange.Word) { w.Doc.Feeds = feeds("2026-11-21T07:01:00Z") }, []string{"upstreams_differ"}, "are they two?"},
		"the same run, rounded": {func(_ *bond, w *exchange.Word) { w.Doc.Feeds = feeds("2026-11-21T07:00:10Z") }, nil, ""},
		"not heard there":       {func(_ *bond, w *exchange.Word) { w.Doc.Feeds = feeds("") }, nil, ""},
		"differed": {
			func(b *bond, _ *exchange.Word) { b.differs = map[string]int64{"smdr": 1, "pbx": 7} },
			[]string{"twins_differed", "twins_differed"},
			`feed "pbx": 7 records`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			theirs := exchange.Word{Zones: "2026b", Feeds: section("ami"), Doc: node.Document{Role: node.Secondary, Feeds: feeds("2026-11-21T07:00:00Z")}}
			b := bond{
				name:     "cms-b",
				standing: exchange.Standing{State: exchange.OK, Word: &theirs},
				ours:     exchange.Word{Zones: "2026b", Feeds: section("ami"), Doc: node.Document{Role: node.Primary, Feeds: feeds("2026-11-21T07:00:00Z")}},
			}
			c.change(&b, &theirs)
			all := b.alarms(now)
			var codes []string
			for _, a := range all {
				codes = append(codes, a.code)
			}
			if diff := cmp.Diff(c.want, codes); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			if len(all) > 0 && (!strings.Contains(all[0].text, c.says) || strings.Count(all[0].text, "unreachable") > 1) {
				t.Errorf("it says %q", all[0].text)
			}
		})
	}
}
