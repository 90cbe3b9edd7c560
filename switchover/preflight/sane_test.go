package preflight

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

// full returns facts that have something everywhere.
func full() Facts {
	from, _ := ready()
	reason, ahead := "new disk", int64(3)
	from.Runbook = &Runbook{ID: "x", Intent: "switchover", Actor: "ann", Runner: "cms-a", Step: "drain", Begun: noon}
	from.Held, from.Filling, from.Hooks, from.Maintenance = "it was restored", "pbx", []string{"pre_demote: no such file"}, &reason
	from.Twin.Error, from.Twin.AheadMS = "unreachable", &ahead
	from.Timetables.Running = []Run{{"key", "report", noon, 60}}
	asked := Asked{Cannot: []Hindered{{"report", "no such file"}}}
	from.Deep = &Deep{Unsound: []string{"admin.db"}, Unread: []string{"node.db"}, Asked: asked, Always: asked}
	return from
}

// Whatever a twin says too much of is refused: each text, list and number is
// made too great in its turn.
func TestHostileFactsAreRefused(t *testing.T) {
	if err := full().Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []Facts{{}, {Server: "x"}} {
		if err := c.Check(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	f := full()
	tried := 0
	walk(reflect.ValueOf(&f).Elem(), "facts", func(v reflect.Value, path string) {
		was := reflect.New(v.Type()).Elem()
		was.Set(v)
		for _, bad := range tooMuch(v) {
			tried++
			v.Set(bad)
			if err := f.Check(); err == nil {
				t.Errorf("%s is taken", path)
			} else if len(err.Error()) > 4<<10 {
				t.Errorf("%s: an error of %d bytes", path, len(err.Error()))
			}
		}
		v.Set(was)
	})
	if err := f.Check(); err != nil || tried < 100 {
		t.Errorf("%d were tried; %v", tried, err)
	}
}

// tooMuch returns values that nobody needs to believe.
func tooMuch(v reflect.Value) (all []reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		return []reflect.Value{reflect.ValueOf(strings.Repeat("x", 3<<10)).Convert(v.Type())}
	case reflect.Int, reflect.Int64:
		most := int64(math.MaxInt64)
		return []reflect.Value{reflect.ValueOf(most).Convert(v.Type()), reflect.ValueOf(-most).Convert(v.Type())}
	case reflect.Slice:
		return []reflect.Value{reflect.MakeSlice(v.Type(), MaxFeeds+1, MaxFeeds+1)}
	default:
		return nil
	}
}

// walk tells every value in v that can be set.
func walk(v reflect.Value, path string, tell func(v reflect.Value, path string)) {
	tell(v, path)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), path+"."+v.Type().Field(i).Name, tell)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), path+"[]", tell)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), path, tell)
		}
	default: // it holds nothing
	}
}

// Facts that are believed can be judged, whatever they say.
func FuzzFacts(f *testing.F) {
	for _, facts := range []Facts{full(), {}} {
		text, err := json.Marshal(facts)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var there Facts
		if json.Unmarshal(text, &there) != nil || there.Check() != nil {
			return
		}
		here, _ := ready()
		from, to := Sides(here, there)
		for _, c := range append(Switchover(from, to, Usual(), open...), Promote(there, Usual())...) {
			if c.Level.rank() < 0 || c.Name == "" {
				t.Errorf("%+v", c)
			}
		}
	})
}
