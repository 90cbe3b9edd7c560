package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/twinctl/twin/collector/acd"
	"github.com/twinctl/twin/fixtures"
)

// TestEventColumns holds CSV to the fields of JSON, in their order, and help to
// both.
func TestEventColumns(t *testing.T) {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[exportedEvent]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "cursor" {
			names = append(names, name)
		}
	}
	columns := eventColumns()
	if len(columns) != len(names) || len(new(exportedEvent).cells()) != len(names) {
		t.Fatalf("%d columns, %d cells, want %d", len(columns), len(new(exportedEvent).cells()), len(names))
	}
	for i, c := range columns {
		if c.Name != names[i] {
			t.Errorf("column %d is %s, want %s", i, c.Name, names[i])
		}
		if !strings.Contains(exportWords, c.Name) {
			t.Errorf("help does not tell of %s", c.Name)
		}
	}
}

// TestEventCells holds both ways of writing the events of a recording to each
// other: CSV says what JSON says, and leaves empty what that leaves out.
func TestEventCells(t *testing.T) {
	log, err := fixtures.Recording("queue_log.gz")
	if err != nil {
		t.Fatal(err)
	}
	bills, err := fixtures.Recording("cdr.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	ami, err := fixtures.Recording("varied-a.ami.gz")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[acd.Type]bool{}
	for format, lines := range map[string][][]byte{
		"queue_log": bytes.Split(log, []byte("\n")),
		"cdr_csv":   bytes.Split(bills, []byte("\n")),
		"ami":       bytes.Split(ami, []byte("\r\n\r\n")),
	} {
		decode, _ := acd.NewDecoder(format)
		for _, raw := range lines {
			for _, e := range decode(nil, raw, 1795222259000000) {
				kinds[e.Type] = true
				sameLine(t, eventLine(&e))
			}
		}
	}
	if len(kinds) < 12 {
		t.Errorf("the recordings tell of %d kinds only: %v", len(kinds), kinds)
	}
}

func sameLine(t *testing.T, line exportedEvent) {
	t.Helper()
	text, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	var says map[string]any
	if err := json.Unmarshal(text, &says); err != nil {
		t.Fatal(err)
	}
	for i, cell := range line.cells() {
		name := eventColumns()[i].Name
		want := ""
		switch value := says[name].(type) {
		case bool:
			want = strconv.FormatBool(value)
		default:
			want = plainCell(value)
		}
		if cell != want && !(name == "at" || name == "feed" || name == "digest" || name == "n") {
			t.Errorf("%s of %s: CSV says %q, JSON %q", name, text, cell, want)
		}
	}
}
