package tui

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
)

// TestFits holds that any state fits any terminal, says how things are, and
// that foreign text never reaches it as anything but text.
func TestFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := framed(someView().Draw(t, "view"))
		width, height := rapid.IntRange(20, 220).Draw(t, "width"), rapid.IntRange(5, 80).Draw(t, "height")
		plain := render(f, width, height, Theme{})
		fits(t, plain, width, height)
		if !strings.Contains(plain, f.word()) {
			t.Fatalf("the verdict %q is not on the screen:\n%s", f.word(), plain)
		}
		samePainted(t, f, plain, width, height)
	})
}

// samePainted demands that a theme changes nothing but how it looks.
func samePainted(t *rapid.T, f frame, plain string, width, height int) {
	for _, theme := range []Theme{Colour(), Mono()} {
		if got := ansi.Strip(render(f, width, height, theme)); got != plain {
			t.Fatalf("theme %s says something else:\n%s\nwithout a theme:\n%s", theme.Name, got, plain)
		}
	}
}

// word is the word of the verdict.
func (v view) word() string {
	return [...]string{well: "WELL", look: "ATTENTION", trouble: "TROUBLE"}[v.findings()[0].grade]
}

func fits(t *rapid.T, picture string, width, height int) {
	lines := strings.Split(picture, "\n")
	if len(lines) != height {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), height, picture)
	}
	for i, l := range lines {
		if n := wide(l); n > width {
			t.Fatalf("line %d is %d columns wide, want at most %d: %q", i+1, n, width, l)
		}
		for _, r := range l {
			if !unicode.IsGraphic(r) && r != '\u200c' && r != '\u200d' {
				t.Fatalf("line %d holds %q: %q", i+1, r, l)
			}
		}
	}
}

// TestOnAnyTerminal holds that even a terminal too small to be of use gets what
// fits, and nothing panics.
func TestOnAnyTerminal(t *testing.T) {
	some := somePicture()
	rapid.Check(t, func(t *rapid.T) {
		f := some.Draw(t, "picture")
		width, height := rapid.IntRange(-1, 20).Draw(t, "width"), rapid.IntRange(-1, 5).Draw(t, "height")
		if width <= 0 || height <= 0 {
			if got := render(f, width, height, Theme{}); got != "" {
				t.Fatalf("no terminal got %q", got)
			}
			return
		}
		fits(t, render(f, width, height, Theme{}), width, height)
	})
}

// TestPlainText holds that text whose every byte is a column is measured and cut as
// any other.
func TestPlainText(t *testing.T) {
	some := rapid.OneOf(text(), rapid.StringMatching(`[ -~]*`), rapid.StringMatching(`[ -\x7f]*`))
	rapid.Check(t, func(t *rapid.T) {
		s, n := some.Draw(t, "text"), rapid.IntRange(1, 40).Draw(t, "columns")
		if got, want := wide(s), ansi.StringWidth(s); got != want {
			t.Errorf("%q is %d columns wide, want %d", s, got, want)
		}
		if got, want := cut(s, n), ansi.Truncate(s, n, more); got != want {
			t.Errorf("%q cut to %d columns is %q, want %q", s, n, got, want)
		}
	})
}

// TestShare holds that the room is given away, to those who want it, and that
// nobody who wants more has less than somebody who wants less.
func TestShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		room := rapid.IntRange(-5, 60).Draw(t, "room")
		wants := rapid.SliceOfN(rapid.IntRange(0, 40), 1, 4).Draw(t, "wants")
		given, wanted := 0, 0
		got := share(room, wants)
		for i := range got {
			given, wanted = given+got[i], wanted+wants[i]
			if got[i] < 0 || got[i] > wants[i] {
				t.Fatalf("list %d wants %d and got %d", i, wants[i], got[i])
			}
			for j := range got {
				if got[i] < wants[i] && got[j] > got[i]+1 {
					t.Fatalf("%v of %v: list %d has more than list %d, which wants more", got, wants, j, i)
				}
			}
		}
		if want := max(0, min(room, wanted)); given != want {
			t.Fatalf("gave away %d, want %d", given, want)
		}
	})
}

// somePicture is one of the states of the golden files.
func somePicture() *rapid.Generator[frame] {
	all := pictures()
	names := slices.Sorted(maps.Keys(all))
	return rapid.Map(rapid.SampledFrom(names), func(name string) frame { return all[name] })
}

// TestPicturesFit holds that each screen fits each terminal.
func TestPicturesFit(t *testing.T) {
	some := somePicture()
	rapid.Check(t, func(t *rapid.T) {
		f := some.Draw(t, "picture")
		width, height := rapid.IntRange(8, 220).Draw(t, "width"), rapid.IntRange(3, 80).Draw(t, "height")
		plain := render(f, width, height, Theme{})
		fits(t, plain, width, height)
		samePainted(t, f, plain, width, height)
	})
}

func text() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "pbx", "cms-a", "cms-b", "live", "down", "paused", "connecting", "ok", "unreachable", "error", "\x1b[31m", "日本", "a\u0300\u0301"}),
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
}

func someMoment() *rapid.Generator[*node.Moment] {
	return rapid.Ptr(rapid.Map(rapid.Int64(), func(n int64) node.Moment { return node.Moment(n) }), true)
}

func someFeed() *rapid.Generator[node.FeedDocument] {
	return rapid.Custom(func(t *rapid.T) node.FeedDocument {
		return node.FeedDocument{
			Name: text().Draw(t, "name"), State: text().Draw(t, "state"), Error: text().Draw(t, "error"),
			Records: rapid.Int64().Draw(t, "records"), Rejected: rapid.Int64().Draw(t, "rejected"),
			GapsOpen: rapid.Int64().Draw(t, "gaps"), Rate: rapid.Float64().Draw(t, "rate"),
			LastRecordAt: someMoment().Draw(t, "last"), CoveredUntil: someMoment().Draw(t, "covered"),
		}
	})
}

func someDocument() *rapid.Generator[node.Document] {
	return rapid.Custom(func(t *rapid.T) node.Document {
		d := node.Document{
			Name: text().Draw(t, "server"), Role: node.Role(text().Draw(t, "role")), Epoch: rapid.Int64().Draw(t, "epoch"),
			Running: rapid.Bool().Draw(t, "running"), Version: text().Draw(t, "version"),
			Feeds: rapid.SliceOfN(someFeed(), 0, 30).Draw(t, "feeds"),
		}
		for range rapid.IntRange(0, 6).Draw(t, "alarms") {
			d.Alarms = append(d.Alarms, node.Alarm{Code: text().Draw(t, "code"), Severity: text().Draw(t, "severity"), Since: someTime().Draw(t, "since"), Text: text().Draw(t, "text")})
		}
		if rapid.Bool().Draw(t, "standing") {
			d.Ready.Because = []string{text().Draw(t, "why"), text().Draw(t, "and why")}
			d.Sync = &node.SyncDocument{State: text().Draw(t, "sync"), Word: text().Draw(t, "sync word"), Pending: rapid.Int64().Draw(t, "pending"), CheckedAt: someMoment().Draw(t, "checked")}
			d.Timetables = &node.TimetablesDocument{Armed: rapid.Int().Draw(t, "armed"), Paused: rapid.Int().Draw(t, "paused"), Coming: []node.NextRun{{Timetable: text().Draw(t, "next"), At: node.Moment(rapid.Int64().Draw(t, "due"))}}}
			d.Interval = &node.IntervalDocument{Start: node.Moment(rapid.Int64().Draw(t, "interval")), Complete: rapid.Bool().Draw(t, "complete")}
			d.People = &node.PeopleDocument{Sessions: []node.PersonDocument{{Login: text().Draw(t, "login")}}}
			d.Backups = &node.BackupDocument{Kind: text().Draw(t, "backup"), At: someMoment().Draw(t, "backed up"), ProvenAt: someMoment().Draw(t, "proven"), Apart: rapid.Bool().Draw(t, "apart")}
		}
		if rapid.Bool().Draw(t, "twin") {
			d.Twin = &node.TwinDocument{Name: text().Draw(t, "twin name"), State: text().Draw(t, "twin state")}
		}
		return d
	})
}

func someTime() *rapid.Generator[time.Time] {
	return rapid.OneOf(
		rapid.Map(rapid.Int64Range(-1e6, 1e6), func(ms int64) time.Time { return night.Add(time.Duration(ms) * time.Millisecond) }),
		rapid.Just(time.Time{}),
	)
}

func someGaps() *rapid.Generator[[]history.Gap] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) history.Gap {
		g := history.Gap{
			ID: rapid.Int64Range(0, 3).Draw(t, "id"), Feed: text().Draw(t, "feed"), From: record.Instant(rapid.Int64().Draw(t, "from")),
			Reason: feed.Reason(text().Draw(t, "reason")), State: rapid.SampledFrom([]history.GapState{"open", "filled", "lost", "closed", "?"}).Draw(t, "state"),
		}
		if rapid.Bool().Draw(t, "over") {
			to := record.At(someTime().Draw(t, "to"))
			g.To = &to
		}
		return g
	}), 0, 30)
}

func someView() *rapid.Generator[view] {
	return rapid.Custom(func(t *rapid.T) view {
		v := view{Now: night, Looked: someTime().Draw(t, "looked")}
		v.Own, v.Gaps = someDocument().Draw(t, "own"), someGaps().Draw(t, "own gaps")
		v.focus = rapid.IntRange(0, listsShown-1).Draw(t, "focus")
		for i := range v.offset {
			v.offset[i] = rapid.IntRange(-2, 50).Draw(t, "offset")
		}
		if rapid.Bool().Draw(t, "failed") {
			v.Failed = errors.New(text().Draw(t, "failure"))
		}
		if rapid.Bool().Draw(t, "heard") {
			v.Twin = &Told{At: someTime().Draw(t, "told"), Document: someDocument().Draw(t, "told document"), Gaps: someGaps().Draw(t, "told gaps")}
		}
		if rapid.Bool().Draw(t, "link") {
			v.Link = &Link{State: text().Draw(t, "link state"), Since: someTime().Draw(t, "link since"), Text: text().Draw(t, "link text")}
		}
		for range rapid.IntRange(0, 5).Draw(t, "fills") {
			v.Fills = append(v.Fills, Filling{
				Feed: text().Draw(t, "fill"), To: text().Draw(t, "to"), From: text().Draw(t, "from"), Rate: rapid.Float64().Draw(t, "speed"),
				Done: rapid.Int64().Draw(t, "done"), Total: rapid.Int64().Draw(t, "total"), Remaining: time.Duration(rapid.Int64().Draw(t, "remaining")),
			})
		}
		return v
	})
}

// TestAnyKeys holds that whatever is pressed on whichever screen, the picture
// fits the terminal, nothing panics, and nothing that changes anything is begun
// without having been asked.
func TestAnyKeys(t *testing.T) {
	some := somePicture()
	keys := []string{
		"enter", "esc", "up", "down", "left", "right", "pgup", "pgdown", "home", "end", "tab", "shift+tab", "backspace", "delete", "ctrl+s",
		"ctrl+u", "ctrl+w", "ctrl+l", " ", "é", "日", "\u0301",
	}
	for r := '!'; r < 127; r++ {
		keys = append(keys, string(r))
	}
	rapid.Check(t, func(t *rapid.T) {
		f := some.Draw(t, "picture")
		f.width, f.height = rapid.IntRange(8, 120).Draw(t, "width"), rapid.IntRange(3, 40).Draw(t, "height")
		f = f.settled()
		for _, key := range rapid.SliceOfN(rapid.SampledFrom(keys), 1, 40).Draw(t, "keys") {
			asked := f.asking
			var w wish
			if f, w = f.press(key); w.run != nil && asked == nil && f.job.shows == false {
				t.Fatalf("%s has %q done, and nobody was asked", key, w.run)
			}
			if w.look {
				f = f.took(f.placeID(), known{data: f.seen[f.placeID()].data, looked: night})
			}
		}
		fits(t, render(f, f.width, f.height, Theme{}), f.width, f.height)
	})
}
