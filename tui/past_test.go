package tui

import (
	"strings"
	"testing"
)

// TestPeriods holds that earlier and later go by time, and stop at the ends with a word.
func TestPeriods(t *testing.T) {
	for keys, want := range map[string]string{
		"": "today", "[": "yesterday", "[ ]": "today", "p": "this-week", "p [": "last-week", "[ p": "last-week", "p p": "this-month", "p p [": "last-month",
		"p p p": "today", "[ [": "yesterday", "]": "today", "[ p p p": "yesterday", "p [ ]": "this-week",
	} {
		f := onKnobs("History", queueReport("support"))
		for key := range strings.FieldsSeq(keys) {
			f, _ = f.press(key)
			f = f.took(f.placeID(), known{data: queueReport("support"), looked: night})
		}
		if got := questionAt(f.browse().place).Period; got != want {
			t.Errorf("%q: %s, want %s", keys, got, want)
		}
		if stops := keys == "[ [" || keys == "]"; stops != (f.message.text != "") {
			t.Errorf("%q: it says %q", keys, f.message.text)
		}
	}
}
