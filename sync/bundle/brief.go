package bundle

import (
	"encoding/json"

	"github.com/twinctl/twin/collector/admin"
)

// What follows from the rest does not travel: mostly nothing has to be done,
// and asking shall cost next to nothing then.

// brief leaves out of a position what it is where nothing is pending.
func brief(p admin.Position) admin.Position {
	if p.Pending == 0 && p.Root == p.BaseRoot && p.Drift == admin.DriftOf(nil) {
		p.Root, p.Drift = admin.Root{}, admin.Root{}
	}
	return p
}

// whole puts it back.
func whole(p admin.Position) admin.Position {
	if p.Pending == 0 && p.Root == (admin.Root{}) && p.Drift == (admin.Root{}) {
		p.Root, p.Drift = p.BaseRoot, admin.DriftOf(nil)
	}
	return p
}

// MarshalJSON also leaves out the counts of rows, which the secondary does not
// need.
func (q HelloQuestion) MarshalJSON() ([]byte, error) {
	type plain HelloQuestion
	q.Hello.Position, q.Hello.Rows = brief(q.Hello.Position), nil
	return json.Marshal(plain(q))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (q *HelloQuestion) UnmarshalJSON(text []byte) error {
	type plain HelloQuestion
	if err := json.Unmarshal(text, (*plain)(q)); err != nil {
		return err
	}
	q.Hello.Position = whole(q.Hello.Position)
	return nil
}

// briefAnswer is a HelloAnswer as it travels: without drift where there is none
// since the secondary's own base.
type briefAnswer struct {
	Hello Hello        `json:"hello"`
	Drift *DriftAnswer `json:"drift,omitempty"`
}

// MarshalJSON leaves out what follows from the rest.
func (a HelloAnswer) MarshalJSON() ([]byte, error) {
	b := briefAnswer{a.Hello, &a.Drift}
	p, d := a.Hello.Position, a.Drift
	if len(d.Edits) == 0 && !d.More && d.Since == p.BaseGeneration && d.Root == p.BaseRoot && d.Generation == p.Generation {
		b.Drift = nil
	}
	b.Hello.Position = brief(p)
	return json.Marshal(b)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *HelloAnswer) UnmarshalJSON(text []byte) error {
	var b briefAnswer
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	b.Hello.Position = whole(b.Hello.Position)
	p := b.Hello.Position
	*a = HelloAnswer{b.Hello, DriftAnswer{Since: p.BaseGeneration, Root: p.BaseRoot, Generation: p.Generation, Edits: []Edited{}}}
	if b.Drift != nil {
		a.Drift = *b.Drift
	}
	return nil
}

// MarshalJSON leaves out what follows from the rest.
func (a ApplyAnswer) MarshalJSON() ([]byte, error) {
	type plain ApplyAnswer
	a.Position = brief(a.Position)
	return json.Marshal(plain(a))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *ApplyAnswer) UnmarshalJSON(text []byte) error {
	type plain ApplyAnswer
	if err := json.Unmarshal(text, (*plain)(a)); err != nil {
		return err
	}
	a.Position = whole(a.Position)
	return nil
}
