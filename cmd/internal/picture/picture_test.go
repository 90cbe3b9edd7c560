package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// TestPicture holds that what a terminal shows is drawn where it stands and as it
// looks, and nothing else: whatever the text is, it stays text, and tells neither
// when nor where the picture was taken.
func TestPicture(t *testing.T) {
	const shown = "\x1b[1mcms-a\x1b[0m  \x1b[31mx down\x1b[39m  a b\n" +
		"\x1b[7m> row \x1b[0m 2026-11-22 04:22:58 UTC, 11-22 23:15, at 02:00\n" +
		"<script>alert(1)</script>&\x1b]0;owned\a\u202e\x00\n"
	var out bytes.Buffer
	if err := run(strings.NewReader(shown), &out); err != nil {
		t.Fatal(err)
	}
	var elements, texts []string
	d := xml.NewDecoder(&out)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements = append(elements, token.Name.Local)
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || strings.Contains(a.Name.Local, "href") || strings.Contains(a.Value, "url(") {
					t.Errorf("%s has %s=%q", token.Name.Local, a.Name.Local, a.Value)
				}
			}
		case xml.CharData:
			if text := string(token); strings.TrimSpace(text) != "" {
				texts = append(texts, text)
			}
		}
	}
	slices.Sort(elements)
	if kinds := slices.Compact(elements); !slices.Equal(kinds, []string{"rect", "svg", "text"}) {
		t.Errorf("it holds %v", kinds)
	}
	want := []string{"cms-a", "x down", "a b", "> row ", "2030-01-15 10:22:58 UTC, 01-15 10:15, at 02:00", `<script>alert(1)</script>&\x1b]0;owned\a\u202e\x00`}
	if !slices.Equal(texts, want) {
		t.Errorf("it says %q, want %q", texts, want)
	}
}

// TestLooks holds what the sequences that paint come to, and where spans stand.
func TestLooks(t *testing.T) {
	got := read("\x1b[1;33m!\x1b[22m a  b\x1b[0;2mc\x1b[m\x1b[92md\x1b[7m e \x1b[27;39mf")
	usual := look{colour: -1}
	want := []span{
		{0, "!", look{colour: 3, bold: true}},
		{2, "a", look{colour: 3}},
		{5, "b", look{colour: 3}},
		{6, "c", look{colour: -1, faint: true}},
		{7, "d", look{colour: 10}},
		{8, " e ", look{colour: 10, reverse: true}},
		{11, "f", usual},
	}
	if len(got) != 1 || !slices.Equal(got[0], want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
