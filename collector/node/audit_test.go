package node

import (
	"strings"
	"testing"
)

// Whoever is refused again and again does not fill the audit, which is never
// shortened.
func TestRefusalsDoNotFillTheAudit(t *testing.T) {
	n := initialized(t)
	for range 3 * mostRefusals {
		if err := n.AuditRefusal(t.Context(), Act{Actor: "twin", Verb: "ssh.refused", Target: "sh"}); err != nil {
			t.Fatal(err)
		}
	}
	acts, err := n.Audited(t.Context(), 0, 1000)
	if err != nil || len(acts) != mostRefusals || !strings.Contains(string(acts[len(acts)-1].Detail), "more") {
		t.Errorf("%d acts, %v", len(acts), err)
	}
	if err := n.Audit(t.Context(), Act{Actor: "ann", Verb: "pair.remove"}); err != nil {
		t.Fatal(err)
	}
	if err := n.AuditRefusal(t.Context(), Act{Actor: "twin", Verb: "ssh.refused"}); err != nil {
		t.Fatal(err)
	}
	if acts, err = n.Audited(t.Context(), 0, 1000); err != nil || len(acts) != mostRefusals+2 {
		t.Errorf("after another act %d, %v", len(acts), err)
	}
}
