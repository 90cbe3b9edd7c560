package history

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// Numbers that a file skips are a gap once, however often the file is read; what
// comes later fills what is missing of it, lost or not, and no other gap.
func TestSkippedNumbersAreFound(t *testing.T) {
	h := open(t)
	const s = record.Second
	found := func(from, until record.Instant) feed.Mark {
		return feed.Mark{What: feed.FoundMark, From: from, Until: until, Reason: feed.Skipped}
	}
	mark := func(marks ...feed.Mark) {
		t.Helper()
		commit(t, h, "ech", feed.Batch{Marks: marks})
	}
	want := func(what string, want ...gap) {
		t.Helper()
		if diff := cmp.Diff(want, gapRows(t, h, "ech")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	base := 1_000_000 * s
	mark(begin(feed.Session{From: base}), proof(base+1000*s))
	mark(hole(base+10*s, base+20*s, feed.Skipped), hole(base+10*s, base+20*s, feed.Skipped))
	mark(hole(base+40*s, base+60*s, feed.Skipped), hole(base+70*s, base+80*s, feed.Rejected))
	first := gap{base + 10*s, base + 20*s, feed.Skipped, GapOpen}
	other := gap{base + 70*s, base + 80*s, feed.Rejected, GapOpen}
	want("told", first, gap{base + 40*s, base + 60*s, feed.Skipped, GapOpen}, other)
	mark(found(base+10*s, base+20*s), found(base+45*s, base+90*s))
	first.State = GapFilled
	left, here := gap{base + 40*s, base + 45*s, feed.Skipped, GapOpen}, gap{base + 45*s, base + 60*s, feed.Skipped, GapFilled}
	want("found", first, left, here, other)
	mark(hole(base+10*s, base+20*s, feed.Skipped))
	want("read again", first, left, here, other)
	all := []record.Span{{From: base, To: base + 1000*s}}
	if _, err := h.Settle(t.Context(), "ech", Testimony{Asked: all, Until: base + 1000*s}); err != nil {
		t.Fatal(err)
	}
	mark(found(base+40*s, base+45*s))
	left.State, other.State = GapFilled, GapLost
	want("found after it was lost", first, left, here, other)
}
