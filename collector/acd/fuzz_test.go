package acd

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func FuzzAMI(f *testing.F) {
	seen := map[string]bool{} // one of each kind
	for _, name := range []string{"varied-a.ami.gz", "pbx-all-classes.ami.gz"} {
		for _, raw := range said(f, name) {
			kind, _, _ := bytes.Cut(raw, []byte("\r\n"))
			if !seen[string(kind)] {
				seen[string(kind)] = true
				f.Add(raw)
			}
		}
	}
	f.Add([]byte("Event: Join\nQueue: \x00\xff\nUniqueid:\nPosition: 99999999999999999999"))
	f.Add([]byte("Event: VarSet\r\nVariable: QUEUESTATUS\r\nValue: \xe9"))
	f.Add([]byte("Event: FullyBooted\r\nUptime: -1"))
	f.Fuzz(func(t *testing.T, raw []byte) { survives(t, "ami", raw) })
}

func FuzzQueueLog(f *testing.F) {
	seen := map[string]bool{}
	for _, raw := range said(f, "varied-queue_log.gz") {
		if verb := string(bytes.Split(raw, []byte("|"))[4]); !seen[verb] {
			seen[verb] = true
			f.Add(raw)
		}
	}
	f.Add([]byte("1||||ATTENDEDTRANSFER|"))
	f.Add([]byte("1|\x00|\xff|" + strings.Repeat("|", 30)))
	f.Fuzz(func(t *testing.T, raw []byte) { survives(t, "queue_log", raw) })
}

func FuzzCDR(f *testing.F) {
	for _, raw := range said(f, "cdr.csv.gz")[:20] {
		f.Add(raw)
	}
	f.Add([]byte(bill7Line + `,"7.8","u,f","","7.1",4`))
	f.Add([]byte(strings.Repeat(`"",`, 20)))
	f.Fuzz(func(t *testing.T, raw []byte) { survives(t, "cdr_csv", raw) })
}

// survives checks what a decoder promises of any bytes at all.
func survives(t *testing.T, format string, raw []byte) {
	t.Helper()
	decode := decoder(t, format)
	given := bytes.Clone(raw)
	first := decode(nil, given, at)
	if !bytes.Equal(given, raw) {
		t.Fatalf("%q was changed to %q", raw, given)
	}
	if most := map[string]int{"ech": 4}; len(first) > max(1, most[format]) {
		t.Fatalf("%d events", len(first))
	}
	for i := range given { // nothing of it is kept
		given[i] = 'X'
	}
	before := []Event{{Type: Other}}
	again := decode(before, raw, at)
	if d := cmp.Diff(first, again[1:]); again[0] != before[0] || d != "" && len(first) > 0 {
		t.Fatalf("the second time: %s", d)
	}
	for _, e := range first {
		bounded(t, e)
	}
}

func bounded(t *testing.T, e Event) {
	t.Helper()
	if e.At != at || e.Type == "" || (e.Record != nil) != (e.Type == CallLeg) {
		t.Fatalf("%+v", e)
	}
	texts := []string{e.Queue, e.Agent, e.Interface, e.Call, e.Leg, e.Caller, e.CallerName, e.Reason}
	spans := []Span{e.Wait, e.Ring, e.Talk}
	if c := e.Record; c != nil {
		texts = append(texts, c.Channel, c.Destination, c.Number, c.Context, c.Application, c.Data, c.Disposition, c.Account, c.UserField, c.Sequence)
		spans = append(spans, c.Duration, c.Billed)
	}
	for _, s := range texts {
		if len(s) > longestText || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			t.Fatalf("%q", s)
		}
	}
	for _, s := range spans {
		if s.Length < 0 || s.Length > longestSpan || !s.Known && s.Length != 0 {
			t.Fatalf("%+v", s)
		}
	}
	if e.Position < 0 || e.Position > mostPosition {
		t.Fatal(e.Position)
	}
	if c := e.Record; c != nil && c.End != 0 && (c.End < at-zoneStep || c.End > at+zoneStep) {
		t.Fatalf("%s ends at %s", e.At, c.End)
	}
}
