package main

import (
	"encoding/base64"
	"testing"
)

func TestCursor(t *testing.T) {
	for _, c := range []cursor{
		{Server: "S", Seq: 5, Newest: 1795000000000000, Feed: "pbx"},
		{Server: "S", Seq: 0, Newest: 0, Feed: "the  old pbx "},
	} {
		if got, err := parseCursor(c.String()); err != nil || got != c {
			t.Errorf("%+v came back as %+v, %v", c, got, err)
		}
	}
	old := base64.RawURLEncoding.EncodeToString([]byte("S 5 7"))
	if got, err := parseCursor(old); err != nil || got != (cursor{Server: "S", Seq: 5, Newest: 7}) {
		t.Errorf("one without a feed came back as %+v, %v", got, err)
	}
	for _, plain := range []string{"", "S", "S 5", "S x 7 pbx", "S 5 x pbx"} {
		if got, err := parseCursor(base64.RawURLEncoding.EncodeToString([]byte(plain))); err == nil {
			t.Errorf("%q is taken for %+v", plain, got)
		}
	}
}
