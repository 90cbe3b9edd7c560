package apply_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/bundle"
)

// doomed is the variable that makes the test binary apply a bundle to the
// secondary in that directory instead of test.
const doomed = "TWIN_APPLY_TEST_SECONDARY"

// questionFile is what that process is asked.
const questionFile = "question.json"

func applyOnce(dir string) error {
	ctx := context.Background()
	args, err := os.ReadFile(filepath.Join(dir, questionFile))
	if err != nil {
		return err
	}
	s, err := openServer(ctx, dir, node.Secondary)
	if err != nil {
		return err
	}
	_, err = s.handler().Answer(ctx, bundle.VerbApply, args)
	return errors.Join(err, s.close())
}

// apart applies the bundle in a process of its own, which is killed after a
// time, and returns how long that lived.
func (p *pair) apart(t *testing.T, args []byte, after time.Duration) time.Duration {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(p.b.dir, questionFile), args, 0o600))
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), doomed+"="+p.b.dir)
	cmd.Stderr = os.Stderr
	began := time.Now()
	must(t, cmd.Start())
	kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	lived := time.Since(began)
	if kill.Stop() && err != nil {
		t.Fatalf("it was not killed: %v", err)
	}
	return lived
}

// TestKilled kills the secondary at any time while it applies: it is what it
// was or what was promised, and the next sync works.
func TestKilled(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.a.set(t, "queue", "sales", admin.Body{"name": "Sales"})
	p.works(t)
	found := map[string]int{}
	const times = 4
	for _, n := range []int{50, asFile} {
		p.a.fill(t, n)
		lived := p.apart(t, p.capture(t), time.Minute)
		p.works(t)
		for i := range times {
			p.a.fill(t, n)
			args := p.capture(t)
			if inVerb := len(args) > wordBytes*n; inVerb != (n < asFile) {
				t.Fatalf("%d rows ride in the verb: %t", n, inVerb)
			}
			before := p.b.at(t)
			sent, err := p.a.Sent(t.Context())
			must(t, err)
			step := lived * 5 / 4 / times
			p.apart(t, args, time.Duration(i)*step+rand.N(step))
			now := p.b.at(t)
			switch now.Root {
			case before.Root:
				found["old, "+p.left(t, before)]++
			case sent.Target:
				found["new, "+p.left(t, before)]++
			default:
				t.Fatalf("it is neither what it was nor what was promised: %+v", now)
			}
			_, err = p.b.Verify(t.Context())
			must(t, err)
			p.tidy(t, false)
			p.works(t)
		}
	}
	for _, state := range slices.Sorted(maps.Keys(found)) {
		t.Logf("%3d times %s", found[state], state)
	}
}

// left says what a process that was killed has left.
func (p *pair) left(t *testing.T, before admin.Position) string {
	t.Helper()
	got := same(t, p.b.dir)
	_, half := got["snapshots/admin.db.new"]
	_, whole := got[fmt.Sprintf("snapshots/admin-%d.db", before.Generation)]
	parts, err := filepath.Glob(filepath.Join(p.b.dir, "spool", "*"))
	must(t, err)
	return fmt.Sprintf("half a snapshot %t, a snapshot %t, %d in the spool", half, whole, len(parts))
}
