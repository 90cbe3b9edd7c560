package replay

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/record"
)

// Without a shift a recording goes out as it came in, byte for byte.
func TestTapeIsTheFile(t *testing.T) {
	for _, name := range []string{"pbx-a.ami.gz", "pbx-b.ami.gz", "varied-a.ami.gz"} {
		s, err := New(Options{Kind: AMI, Doors: []Door{{File: fixtures + name}}})
		if err != nil {
			t.Fatal(err)
		}
		if want, got := unpacked(t, name), played(s); !bytes.Equal(want, got) {
			t.Errorf("%s: %d bytes in, %d other bytes out", name, len(want), len(got))
		}
	}
}

func played(s *Server) []byte {
	var all []byte
	tape := s.doors[0].tape
	for i := range tape.events {
		all = tape.render(all, &tape.events[i], 0)
	}
	return all
}

// What answered the recording client alone is left out.
func TestTapeWithoutAnswers(t *testing.T) {
	s, err := New(Options{Kind: AMI, Doors: []Door{{File: fixtures + "pbx-all-classes.ami.gz"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(s.doors[0].tape.events), 5987; got != want {
		t.Errorf("%d events, want the %d that have a Timestamp", got, want)
	}
}

// The two clients of the recorded PBX heard the same in different order; so do
// ours, also when the times are moved.
func TestTapesOfTwoDoorsAgree(t *testing.T) {
	s, err := New(Options{
		Kind: AMI, ShiftToNow: true, Speed: 60,
		Doors: []Door{{File: fixtures + "pbx-a.ami.gz"}, {File: fixtures + "pbx-b.ami.gz"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Unix(1_800_000_000, 0)
	heard := map[string]int{}
	for n, d := range s.doors {
		for i := range d.tape.events {
			e := &d.tape.events[i]
			heard[string(d.tape.render(nil, e, s.stage.plan.stamp(start, e.at)))] += 1 - 2*n
		}
	}
	for text, n := range heard {
		if n != 0 {
			t.Fatalf("only one door says %q", text)
		}
	}
	if len(heard) != 12094 {
		t.Errorf("%d different events, want 12094: moving the times must not make any two alike", len(heard))
	}
}

func TestTapeStepsBack(t *testing.T) {
	s, err := New(Options{Kind: AMI, Doors: []Door{{File: recording(t, 0, 5*time.Second, 4*time.Second, 6*time.Second)}}})
	if err != nil {
		t.Fatal(err)
	}
	var due []time.Duration
	for _, e := range s.doors[0].tape.events {
		due = append(due, e.due/time.Second)
	}
	if diff := cmp.Diff([]time.Duration{0, 5, 5, 6}, due); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
}

func TestBlocks(t *testing.T) {
	type block struct {
		Line int
		Text string
	}
	for _, test := range []struct {
		name, text string
		want       []block
	}{
		{"empty", "", nil},
		{"blank", "\r\n\r\n", nil},
		{"one", "a\r\nb\r\n\r\n", []block{{1, "a\r\nb"}}},
		{"no end", "a\r\n\r\nb", []block{{1, "a"}, {3, "b"}}},
		{"blank lines around", "\r\n\r\na\r\n\r\n\r\nb\r\n\r\n", []block{{3, "a"}, {6, "b"}}},
		{"bare", "a\n\nb\n", []block{{1, "a"}, {3, "b"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []block
			for line, raw := range blocks([]byte(test.text)) {
				got = append(got, block{line, string(raw)})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A recording that somebody edited with bare line ends is still AMI on the wire.
func TestTapeOfBareLines(t *testing.T) {
	name := file(t, "bare.ami", "Event: A\nTimestamp: 5\n\nEvent: B\nTimestamp: 6\n")
	s, err := New(Options{Kind: AMI, Doors: []Door{{File: name}}})
	if err != nil {
		t.Fatal(err)
	}
	want := "Event: A\r\nTimestamp: 5\r\n\r\nEvent: B\r\nTimestamp: 6\r\n\r\n"
	if diff := cmp.Diff(want, string(played(s))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNewRefuses(t *testing.T) {
	good := recording(t, 0)
	gz := file(t, "not.ami.gz", "Event: A\n")
	cut := filepath.Join(t.TempDir(), "cut.gz")
	packed, err := os.ReadFile(fixtures + "queue_log.gz")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, packed[:1000], 0o600); err != nil {
		t.Fatal(err)
	}
	ami := func(file string) Options { return Options{Kind: AMI, Doors: []Door{{File: file}}} }
	lines := func(text string) Options {
		return Options{Kind: Lines, Format: "queue_log", Doors: []Door{{File: file(t, "x.log", text)}}}
	}
	with := func(o Options, change func(*Options)) Options { change(&o); return o }
	called := func(o Options, kind string) Options { o.Kind, o.Doors[0].To = kind, "pbx"; return o }
	for _, test := range []struct {
		name string
		o    Options
		want []string // parts of the error
	}{
		{"kind", Options{Kind: "sip"}, []string{`kind "sip"`, "lines, relp, tail"}},
		{"no door", Options{Kind: AMI}, []string{"no door"}},
		{"speed", with(ami(good), func(o *Options) { o.Speed = -1 }), []string{"speed -1"}},
		{"too fast", with(ami(good), func(o *Options) { o.Speed = 1e9 }), []string{"speed 1e+09", "max"}},
		{"clients", with(ami(good), func(o *Options) { o.Clients = 65 }), []string{"65 clients", "64"}},
		{"half a login", with(ami(good), func(o *Options) { o.Username = "twin" }), []string{"username and secret"}},
		{"format of ami", with(ami(good), func(o *Options) { o.Format = "text" }), []string{"Timestamp header"}},
		{"login to lines", with(lines("1|"), func(o *Options) { o.SystemName = "x" }), []string{"no login"}},
		{"ami by lines", with(lines("1|"), func(o *Options) { o.Format = AMI }), []string{"want kind ami"}},
		{"calls of another exchange", with(lines("1|"), func(o *Options) { o.Format = "smdr" }), []string{"format smdr", "want text, queue_log or cdr_csv"}},
		{"unknown format", with(lines("1|"), func(o *Options) { o.Format = "queuelog" }), []string{`"queuelog"`, "queue_log"}},
		{"text without time", with(lines("1|"), func(o *Options) { o.Format = "" }), []string{"time", "field"}},
		{"a listener with somewhere to go", with(ami(good), func(o *Options) { o.Doors[0].To = "pbx:1" }), []string{"ami and lines listen"}},
		{"a sender with nowhere to go", with(lines("1|"), func(o *Options) { o.Kind = RELP }), []string{"relp and tail go to"}},
		{"more than are told", with(called(lines("1|"), RELP), func(o *Options) { o.Clients = 2 }), []string{"2 clients", "1 to 1"}},
		{"readers of a file", with(called(lines("1|"), Tail), func(o *Options) { o.Clients = 1 }), []string{"is not seen"}},
		{"rotated without a file", with(called(lines("1|"), RELP), func(o *Options) { o.Rotate = 1 }), []string{"want kind tail"}},
		{"parts where nothing keeps them", with(lines("1|"), func(o *Options) { o.Parts = 1 }), []string{"parts 1"}},
		{"no file", ami("/nowhere/x.ami"), []string{"/nowhere/x.ami", "no such file"}},
		{"not packed", ami(gz), []string{gz, "rename"}},
		{"cut", ami(cut), []string{cut, "unexpected EOF"}},
		{"empty", ami(file(t, "empty.ami", "")), []string{"empty.ami", "no event"}},
		{"garbage", ami(file(t, "x.ami", "hello\n\nworld\n")), []string{"no event in it"}},
		{
			"no times", ami(file(t, "mute.ami", "Response: Success\n\n\nEvent: Hangup\nA: b\n\n")),
			[]string{"mute.ami", `"Hangup" in line 4`, "timestampevents = yes"},
		},
		{
			"bad time", ami(file(t, "bad.ami", "Event: A\nTimestamp: 1.5\n\nEvent: Dial\nTimestamp: noon\n\n")),
			[]string{"bad.ami", `"Dial" in line 4`, `"noon"`, "1795222327.141253"},
		},
		{"no line", lines(""), []string{"x.log", "no line"}},
		{"no time in lines", lines("a\nb\n"), []string{"x.log", "line 1", "queue_log"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.o)
			if err == nil {
				t.Fatal("taken")
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

func TestParseSeconds(t *testing.T) {
	for _, test := range []struct {
		text string
		want record.Instant // negative: refused
	}{
		{"1795222327.141253", 1795222327_141253},
		{"1795222327.1", 1795222327_100000},
		{"1795222327", 1795222327_000000},
		{"0.000001", 1},
		{"", -1},
		{".5", -1},
		{"5.", -1},
		{"-5.0", -1},
		{"+5", -1},
		{"1_0", -1},
		{"1.1234567", -1},
		{"1.5 ", -1},
		{"999999999999.999999", -1},
		{"9999999999999", -1},
	} {
		got, err := parseSeconds([]byte(test.text))
		if (err != nil) != (test.want < 0) || err == nil && got != test.want {
			t.Errorf("%q: %d, %v; want %d", test.text, got, err, test.want)
		}
	}
}

// A moved time is written as the recorded one was, in its place.
func TestStampLines(t *testing.T) {
	berlin := feed.TimeSpec{Field: 2, Separator: ";", Layout: "02.01.2006 15:04:05", Zone: "Europe/Berlin"}
	for _, test := range []struct {
		name       string
		o          Options
		line, want string
	}{
		{"queue_log", Options{Format: "queue_log"}, "1795222259|a|b", "1800000000|a|b"},
		{
			"queue_log of a database",
			Options{Format: "queue_log"},
			"2026-11-21 00:50:59.123456|a|b", "2027-01-15 08:00:00.654321|a|b",
		},
		{"epoch", Options{Time: &feed.TimeSpec{Field: 2, Layout: "epoch"}}, "a  1795222259.123 b", "a  1800000000.654 b"},
		{"layout", Options{Time: &berlin}, "a;21.11.2026 01:50:59;b\r", "a;15.01.2027 09:00:00;b\r"},
		{
			"quoted",
			Options{Time: &feed.TimeSpec{Field: 2, Separator: ",", Layout: time.DateTime}},
			`"x,y","2026-11-21 00:50:59",z`, `"x,y","2027-01-15 08:00:00",z`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.o.Kind, test.o.Doors = Lines, []Door{{File: file(t, "x", "no time\n"+test.line+"\nnone\n")}}
			s, err := New(test.o)
			if err != nil {
				t.Fatal(err)
			}
			tape := s.doors[0].tape
			var got []byte
			for i := range tape.events {
				got = tape.render(got, &tape.events[i], 1_800_000_000_654_321)
			}
			if diff := cmp.Diff("no time\n"+test.want+"\nnone\n", string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if at := tape.events[0].at; at != tape.events[1].at || at != tape.events[2].at {
				t.Error("lines without a time do not go with their neighbour")
			}
		})
	}
}

func TestMask(t *testing.T) {
	for _, test := range []struct {
		events  string
		classes string
		want    bool
	}{
		{"", "agent,all", true},
		{"on", "agent,all", true},
		{"off", "agent,all", false},
		{"off", "", false},
		{"agent,cdr", "agent,all", true},
		{"agent,cdr", "dialplan,all", false},
		{"Agent, CDR", "cdr,all", true},
		{"agent", "agent,call,all", false},
		{"agent", "", true},
	} {
		if got := parseMask(test.events).admits(classesOf(test.classes)); got != test.want {
			t.Errorf("Events: %s, Privilege: %s: %t", test.events, test.classes, got)
		}
	}
}
