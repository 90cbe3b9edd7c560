package config

import (
	"fmt"
	"maps"

	"github.com/pelletier/go-toml/v2"
)

// A Value is one key of the configuration as it is in force.
type Value struct {
	Feed   string `json:"feed,omitempty"` // "" for a setting
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Origin string `json:"origin,omitempty"` // "flag --set", "TWIN_DATA", "/etc/twin/twin.toml:12" or "default"
}

// Text returns the value of a setting as --set takes it.
func (v Value) Text() string {
	if list, ok := v.Value.([]string); ok {
		return writeList(list)
	}
	return fmt.Sprint(v.Value)
}

// Said tells whether it was given, and is not the default.
func (v Value) Said() bool { return v.Origin != fromDefault }

// Values returns all settings and then the keys of each feed. Secrets are not
// among them: the configuration names the files that hold them.
func (c *Config) Values() []Value {
	var all []Value
	for _, s := range Settings() {
		all = append(all, Value{Key: s.Key, Value: s.Value(*s.field(c)), Origin: c.origins[s.Key]})
	}
	for i := range c.Feeds {
		all = append(all, c.Feeds[i].Values()...)
	}
	return all
}

// Values returns the keys of the section: those that the file has, and, where
// the feed is right, all others that it could have.
func (f *Feed) Values() []Value {
	inForce := make(map[string]any)
	if f.Err == nil {
		collect(inForce, f.Options)
		collect(inForce, f.Own)
	}
	maps.Copy(inForce, f.section)
	var all []Value
	for _, key := range sortedKeys(inForce) {
		v := Value{Feed: f.Name, Key: key, Value: inForce[key], Origin: fromDefault}
		if implied := impliedBy(key); v.Value == "" && implied != "" {
			v.Value = implied
		}
		if _, ok := f.section[key]; ok {
			v.Origin = f.doc.place(join(f.path, key))
		}
		all = append(all, v)
	}
	return all
}

// collect adds the keys of a filled options struct that have a value. What the
// library cannot write is left out: the file's own keys are shown anyway.
func collect(values map[string]any, options any) {
	text, err := toml.Marshal(options)
	if err != nil {
		return
	}
	var filled map[string]any
	if toml.Unmarshal(text, &filled) != nil {
		return
	}
	maps.Copy(values, filled)
}
