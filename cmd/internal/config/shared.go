package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/feed"
)

// A Section is what the twins must agree on of one feed. It goes over the link.
type Section struct {
	Name string `json:"name"`
	// Keys are the values as twin.toml would have them, in the one way that
	// they are written here: defaults filled in, so that one that is said and
	// one that is left out are equal.
	Keys map[string]string `json:"keys"`
}

// A Difference is one key that the twins do not agree on. A feed that only one
// of them has differs in every key, "name" first.
type Difference struct {
	Feed  string `json:"feed"`
	Key   string `json:"key"`
	Here  string `json:"here"`  // as in twin.toml; "" where there is none
	There string `json:"there"` // likewise
}

// SharedKeys lists, in their order, the keys besides the name that a feed has
// the same on both twins.
func SharedKeys() []string {
	return []string{"kind", "format", "source", "counts", "events", "time"}
}

// Shared returns what the twins must agree on of each feed, in the order of the
// file. A feed that is wrong is there as far as it can be read; one without a
// name, and a second of the same, is not.
func (c *Config) Shared() []Section {
	said := make(map[string]bool) // by source: a feed says that it is the one
	for i := range c.Feeds {
		if o := c.Feeds[i].filled(); o.Counts != nil && *o.Counts {
			said[o.Source] = true
		}
	}
	var all []Section
	for i := range c.Feeds {
		f := &c.Feeds[i]
		if first, _ := c.Feed(f.Name); f.Name != "" && first == f {
			all = append(all, f.shared(said))
		}
	}
	return all
}

// filled returns the common keys with their defaults, also of a wrong feed.
func (f *Feed) filled() feed.Options {
	o := f.Options
	_ = o.Fill(f.Kind) // what it refuses, Err tells
	return o
}

// shared leaves out the keys that have no value here. A feed counts unless it
// says no, or another feed of its source says that it is the one.
func (f *Feed) shared(said map[string]bool) Section {
	o := f.filled()
	counts := !said[o.Source]
	if o.Counts != nil {
		counts = *o.Counts
	}
	s := Section{Name: f.Name, Keys: map[string]string{"counts": fmt.Sprint(counts)}}
	for key, value := range map[string]string{
		"kind": quoted(o.Kind), "format": quoted(o.Format), "source": quoted(o.Source),
		"events": quoted(f.events()), "time": timeValue(o),
	} {
		if value != `""` && value != "" {
			s.Keys[key] = value
		}
	}
	return s
}

// events returns the classes that the feed asks for, of which neither the order
// nor the spaces mean anything.
func (f *Feed) events() string {
	own := make(map[string]any)
	collect(own, f.Own)
	text, _ := own["events"].(string)
	var classes []string
	for class := range strings.SplitSeq(text, ",") {
		if class = strings.TrimSpace(class); class != "" {
			classes = append(classes, class)
		}
	}
	slices.Sort(classes)
	return strings.Join(slices.Compact(classes), ",")
}

// timeValue returns the table as it reads with its defaults: a format that needs
// a zone has UTC unless said.
func timeValue(o feed.Options) string {
	var t feed.TimeSpec
	if o.Time != nil {
		t = *o.Time
	} else if !slices.Contains([]string{"queue_log", "cdr_csv", "smdr", "ech"}, o.Format) {
		return ""
	}
	keys := map[string]any{"zone": cmp.Or(t.Zone, "UTC")}
	if t.Field != 0 {
		keys["field"] = t.Field
	}
	if t.Separator != "" {
		keys["separator"] = t.Separator
	}
	if t.Layout != "" {
		keys["layout"] = t.Layout
	}
	return Written(keys)
}

// Diff compares the feeds of two servers: those of ours in their order, then
// those that only the other has. Keys that are not shared are not looked at.
func Diff(ours, theirs []Section) []Difference {
	here, there := byName(ours), byName(theirs)
	var all []Difference
	for _, s := range slices.Concat(ours, theirs) {
		ourKeys, has := here[s.Name]
		theirKeys, had := there[s.Name]
		if !has && !had {
			continue // looked at already
		}
		if has != had {
			d := Difference{Feed: s.Name, Key: "name", Here: quoted(s.Name)}
			if had {
				d.Here, d.There = "", d.Here
			}
			all = append(all, d)
		}
		for _, key := range SharedKeys() {
			if a, b := ourKeys[key], theirKeys[key]; a != b {
				all = append(all, Difference{Feed: s.Name, Key: key, Here: a, There: b})
			}
		}
		delete(here, s.Name)
		delete(there, s.Name)
	}
	return all
}

// byName keeps the first section of a name.
func byName(sections []Section) map[string]map[string]string {
	m := make(map[string]map[string]string)
	for _, s := range sections {
		if _, ok := m[s.Name]; !ok {
			m[s.Name] = s.Keys
		}
	}
	return m
}

// Written returns a text, a truth value, a whole number, a list of texts or a
// table of these as twin.toml has it, on one line.
func Written(value any) string {
	var parts []string
	switch v := value.(type) {
	case string:
		return quoted(v)
	case []string:
		for _, e := range v {
			parts = append(parts, quoted(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		for _, key := range sortedKeys(v) {
			parts = append(parts, key+" = "+Written(v[key]))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	default:
		return fmt.Sprint(v)
	}
}

// quoted writes a text as a TOML basic string.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
