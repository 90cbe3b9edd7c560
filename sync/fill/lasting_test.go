package fill

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/record"
)

// While a gap lasts, all comes that the twin has heard so far. It is judged when
// it is over, by when nothing of it is missing.
func TestFillWhileAGapLasts(t *testing.T) {
	here, full := open(t), open(t)
	all := said(hour, second)
	hear(t, full, "pbx", hour, all)
	first := record.Span{From: hour.From, To: hour.From + 10*record.Minute}
	hear(t, here, "pbx", first, in(all, first))
	for _, want := range []FeedResult{{Feed: "pbx", Ranges: 1, Added: 3000}, {Feed: "pbx"}} {
		got := one(t, mustFill(t, here, Remote{newWire(full)}, Options{GapsOnly: true}))
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(FeedResult{}, "Already")); diff != "" || got.Already > smallRange {
			t.Errorf("%d came in vain (-want +got)\n%s", got.Already, diff)
		}
		if gaps := gapsOf(t, here, "pbx"); len(gaps) != 1 || gaps[0].To != nil || gaps[0].State != history.GapOpen {
			t.Errorf("gaps %+v", gaps)
		}
	}
	hear(t, here, "pbx", record.Span{From: hour.From + 40*record.Minute, To: hour.To}, nil)
	got := one(t, mustFill(t, here, Remote{newWire(full)}, Options{GapsOnly: true}))
	if diff := cmp.Diff(FeedResult{Feed: "pbx", Filled: 1}, got); diff != "" {
		t.Errorf("when it was over (-want +got)\n%s", diff)
	}
}
