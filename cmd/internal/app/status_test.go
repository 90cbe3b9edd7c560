package app

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/sync/exchange"
)

// TestFreshened holds that what twind said stands, with the role, the maintenance and
// the counts as the files have them now, and that what it said long ago is silence.
func TestFreshened(t *testing.T) {
	data := primary(t, configured(t, oneFeed))
	if _, err := data.History.Start(t.Context(), "log"); err != nil {
		t.Fatal(err)
	}
	at := record.At(time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC))
	batch := feed.Batch{Rejected: 1, Marks: []feed.Mark{{What: feed.BeginMark, From: at, Told: at, Begin: &feed.Session{From: at}}}}
	if _, err := data.History.Commit(t.Context(), []history.Batch{{Feed: "log", Kind: 1, Batch: batch}}); err != nil {
		t.Fatal(err)
	}
	if _, err := data.Node.SetMaintenance(t.Context(), node.Maintenance{On: true, Reason: "new disks", Actor: "ada"}); err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(node.Document{
		Name: "cms-a", Role: node.Secondary, Epoch: 9, Version: "v1.2", Store: "ok",
		Feeds: []node.FeedDocument{{Name: "log", State: "live", Rate: 2.5, Rejected: 7}, {Name: "new", State: "live", Records: 4}},
		Twin:  &node.TwinDocument{Name: "cms-b", State: "ok"}, Sync: &node.SyncDocument{State: "in_sync"},
	})
	if err != nil {
		t.Fatal(err)
	}
	said := node.Activity{PID: 4711, At: record.At(time.Now()), Doc: doc}
	got, err := freshened(t.Context(), data, said)
	if err != nil {
		t.Fatal(err)
	}
	if got.Role != node.Primary || got.Epoch != 1 || got.Maintenance == nil || !got.Running || got.PID != 4711 {
		t.Errorf("the files tell of a primary in epoch 1, in maintenance, and not %+v", got)
	}
	if f := got.Feeds[0]; f.Rejected != 1 || f.CoveredUntil == nil || f.State != "live" || f.Rate != 2.5 {
		t.Errorf("the feed is %+v, want what was said of it, with the counts as they are now", f)
	}
	if f := got.Feeds[1]; f.Records != 4 {
		t.Errorf("of a feed that the history does not know what was said is %+v", f)
	}
	if got.Version != "v1.2" || got.Twin == nil || got.Twin.State != "ok" || got.Sync == nil || got.Sync.State != "in_sync" {
		t.Errorf("what twind said is lost: %+v", got)
	}
	said.At = said.At.Add(-2 * staleAfter)
	if got, err = freshened(t.Context(), data, said); err != nil || len(got.Alarms) != 1 || got.Alarms[0].Code != "twind_silent" || got.Feeds[0].State != "down" {
		t.Errorf("of a twind that says nothing any more: %+v, %v", got, err)
	}
}

// TestTwinStatusIsTheLaterWord holds that of what the twin answered and what it said
// when it asked, the later is told.
func TestTwinStatusIsTheLaterWord(t *testing.T) {
	data := primary(t, configured(t, oneFeed))
	want := func(role node.Role) {
		t.Helper()
		doc, at, err := TwinStatus(t.Context(), data)
		switch {
		case err != nil:
			t.Fatal(err)
		case role == "" && doc != nil:
			t.Errorf("a twin that said nothing is told as %+v", doc)
		case role != "" && (doc == nil || doc.Role != role || at.IsZero()):
			t.Errorf("the twin is told as %+v at %s, want %s", doc, at, role)
		}
	}
	says := func(way node.Direction, role node.Role) {
		t.Helper()
		word, err := json.Marshal(exchange.Word{Doc: node.Document{Name: "cms-b", Role: role}})
		if err == nil {
			err = data.Node.SetHeard(t.Context(), way, node.Heard{Doc: word})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	want("") // alone
	paired(t, data.Node)
	want("")
	says(node.In, node.Secondary)
	want(node.Secondary)
	says(node.Out, node.Primary)
	want(node.Primary)
	says(node.In, node.Secondary)
	want(node.Secondary)
}
