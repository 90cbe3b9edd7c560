package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/feed"
)

// TestKeys holds the reference to what the structs take, and by default have.
func TestKeys(t *testing.T) {
	want, kinds := map[string][]string{}, []string{}
	for name := range tagged(reflect.ValueOf(feed.Options{})) {
		want[name] = nil
	}
	for name := range tagged(reflect.ValueOf(feed.TimeSpec{})) {
		want["time."+name] = nil
	}
	defaults := map[string][]any{}
	for _, k := range collector.Kinds() {
		kinds = append(kinds, k.Name)
		for name, value := range tagged(reflect.ValueOf(k.Options()).Elem()) {
			want[name] = append(want[name], k.Name)
			defaults[name] = append(defaults[name], value)
		}
		o := feed.Options{Name: "f", Format: "text"}
		if err := o.Fill(k); err != nil {
			t.Fatal(err)
		}
		defaults["frame_limit"] = append(defaults["frame_limit"], o.FrameLimit)
		defaults["queue_limit"] = append(defaults["queue_limit"], o.QueueLimit)
	}
	got := map[string][]string{}
	for _, k := range config.Keys() {
		got[k.Name] = nil
		if k.Kinds != "" {
			got[k.Name] = strings.Fields(k.Kinds)
		}
		for _, value := range defaults[k.Name] {
			text := fmt.Sprint(value)
			if text != "" && text != "[]" && !strings.Contains(k.Default, text) {
				t.Errorf("%s: its default is told as %q, a kind has %q", k.Name, k.Default, text)
			}
		}
		if k.Name == "kind" {
			for _, name := range kinds {
				if !strings.Contains(k.Doc, name) {
					t.Errorf("kind: %q does not name %s", k.Doc, name)
				}
			}
		}
	}
	for _, all := range []map[string][]string{want, got} {
		for _, names := range all {
			slices.Sort(names)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys and their kinds (-structs +reference):\n%s", diff)
	}
	for line := range strings.SplitSeq(reference(), "\n") {
		if len(line) > referenceWidth {
			t.Errorf("%q is wider than a terminal", line)
		}
	}
}

// tagged returns the values of a struct by their keys in twin.toml.
func tagged(v reflect.Value) map[string]any {
	all := map[string]any{}
	for _, f := range reflect.VisibleFields(v.Type()) {
		if name := f.Tag.Get("toml"); name != "" {
			all[name] = v.FieldByIndex(f.Index).Interface()
		}
	}
	return all
}
