package admin

import (
	"errors"
	"testing"

	"github.com/twinctl/twin/collector/audit"
)

func TestVerifyFindsWhatWasTamperedWith(t *testing.T) {
	triggers := []string{
		`DROP TRIGGER change_set_unchanged`, `DROP TRIGGER change_set_kept`, `DROP TRIGGER change_unchanged`, `DROP TRIGGER change_kept`,
		`DROP TRIGGER audit_unchanged`, `DROP TRIGGER audit_kept`, `PRAGMA defer_foreign_keys = ON`,
	}
	for name, harm := range map[string]string{
		"nothing":            `SELECT 1`,
		"a row":              `UPDATE row SET body = '{"name":"x"}' WHERE key = 'a'`,
		"a row's hash":       `UPDATE row SET hash = zeroblob(16) WHERE key = 'a'`,
		"a row's name":       `UPDATE row SET key = 'x' WHERE key = 'b'`,
		"the base":           `UPDATE row SET base = zeroblob(16) WHERE key = 'a'`,
		"the base's root":    `UPDATE state SET base_root = zeroblob(32)`,
		"a reference less":   `DELETE FROM reference`,
		"a reference more":   `INSERT INTO reference VALUES ('queue', 'b', 'queue-group', 'g', 'queues')`,
		"a claim less":       `DELETE FROM claim`,
		"who":                `UPDATE change_set SET actor = 'bob' WHERE generation = 1`,
		"what":               `UPDATE change SET after = '{}' WHERE generation = 2`,
		"a change less":      `DELETE FROM change WHERE generation = 2`,
		"a set less":         `DELETE FROM change WHERE generation = 2; DELETE FROM change_set WHERE generation = 2`,
		"an act":             `UPDATE audit SET actor = 'bob' WHERE id = 1`,
		"an act less":        `DELETE FROM audit WHERE id = 1`,
		"a set without acts": `INSERT INTO change_set VALUES (99, 0, 'bob', '', 'x', 0, 0, 0, zeroblob(32))`,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			p.a.change(t, set("queue", "a", Body{}), set("queue", "b", Body{}), set("queue-group", "g", Body{"queues": []string{"a"}}),
				set("agent", "1", Body{"aliases": []string{"x"}}))
			p.a.change(t, set("queue", "a", Body{"name": "A"}))
			p.sync(t)
			if err := p.a.run(t, append(triggers, harm)...); err != nil {
				t.Fatal(err)
			}
			_, err := p.a.Verify(t.Context())
			var broken *audit.Broken
			if found := errors.Is(err, ErrTampered) || errors.As(err, &broken); found != (name != "nothing") || !found && err != nil {
				t.Errorf("%v", err)
			}
		})
	}
}
