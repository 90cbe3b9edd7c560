// Package bench measures a real twind over loopback TCP, and what two servers
// do with each other over SSH, each time beside a yardstick in the same run:
// raw inserts of the same rows through the driver, rsyslog writing the same
// lines to a file, rsync of the database file. Trust the ratios, not the
// figures.
package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twinctl/twin/cmd/internal/app"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/fixtures/programs"
)

const (
	lineBytes = 200       // of each line, its end not counted
	lineCount = 1_000_000 // of one run
)

// lines writes n lines that begin with their time, all different.
func lines(w io.Writer, n int) error {
	out := bufio.NewWriterSize(w, 1<<16)
	for line := range made(n) {
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

// made makes n such lines. Each is valid until the next.
func made(n int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		begin := time.Now().Add(-time.Minute).UnixMicro()
		pad := strings.Repeat("x", lineBytes)
		var line []byte
		for i := range n {
			line = stamp(line[:0], begin+int64(i)*20)
			line = append(line, ',')
			line = strconv.AppendInt(line, int64(i), 10)
			line = append(line, ',')
			line = append(line, pad[:lineBytes-len(line)]...)
			if !yield(line) {
				return
			}
		}
	}
}

// stamp appends seconds with six decimals.
func stamp(b []byte, micros int64) []byte {
	b = strconv.AppendInt(b, micros/1e6, 10)
	b = append(b, '.')
	for place := int64(100_000); place > 0; place /= 10 {
		b = append(b, byte('0'+micros/place%10))
	}
	return b
}

// An upstream accepts one connection and speaks when it is told to.
type upstream struct {
	net.Listener
	speak chan func(net.Conn) error
	spoke chan error
}

func newUpstream(b *testing.B) *upstream {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	u := &upstream{l, make(chan func(net.Conn) error), make(chan error, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for say := range u.speak {
			u.spoke <- say(conn)
		}
	}()
	b.Cleanup(func() { close(u.speak); l.Close(); <-done })
	return u
}

// A twind is a running server with a feed of lines for each upstream.
type twind struct {
	cmd  *exec.Cmd
	data *app.Data
}

func startTwind(b *testing.B, upstreams []*upstream) *twind {
	b.Helper()
	var feeds strings.Builder
	for i, u := range upstreams {
		fmt.Fprintf(&feeds, "\n[[feed]]\nname = \"feed%d\"\nkind = \"lines\"\naddresses = [\"tcp://%s\"]\n%s", i, u.Addr(), timeSpec)
	}
	return startTwindOf(b, feeds.String())
}

// timeSpec says where the lines have their time.
const timeSpec = "time = {field = 1, separator = \",\", layout = \"epoch\"}\n"

// startTwindOf starts one of other [[feed]] sections.
func startTwindOf(b *testing.B, feeds string) *twind {
	b.Helper()
	dir := b.TempDir()
	program := filepath.Join(programs.In(b), "twind")
	file := filepath.Join(dir, "twin.toml")
	if err := os.WriteFile(file, []byte("name = \"bench\"\ndata = \"data\"\n[http]\nlisten = \"\"\n"+feeds), 0o600); err != nil {
		b.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	if err := app.Init(b.Context(), data, "bench", node.Primary); err != nil {
		b.Fatal(err)
	}
	t := &twind{cmd: exec.Command(program, "--config", file, "--log-level", "warn")}
	t.cmd.Stderr = os.Stderr
	if err := t.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { t.cmd.Process.Signal(syscall.SIGTERM); t.cmd.Wait() })
	var err error
	if t.data, err = app.OpenData(b.Context(), data, store.Use); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { t.data.Close() })
	return t
}

// await polls until the feeds hold so many records together.
func (t *twind) await(b *testing.B, records int64) {
	b.Helper()
	for deadline := time.Now().Add(5 * time.Minute); t.records(b) < records; <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("waited five minutes for %d records", records)
		}
	}
}

// records returns how many the feeds hold together.
func (t *twind) records(b *testing.B) (have int64) {
	b.Helper()
	all, err := t.data.History.Summaries(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range all {
		have += s.Records
	}
	return have
}

// peakMiB returns the most memory that twind ever had resident.
func (t *twind) peakMiB(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", t.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}

// end ends it in order, and waits until it has.
func (t *twind) end() {
	t.cmd.Process.Signal(syscall.SIGTERM)
	t.cmd.Wait()
}

// diskBytes returns what the history takes on disk once its log is folded in.
func (t *twind) diskBytes(b *testing.B) float64 {
	b.Helper()
	t.end()
	t.data.Close()
	info, err := os.Stat(filepath.Join(t.data.Dir, history.File))
	if err != nil {
		b.Fatal(err)
	}
	return float64(info.Size())
}

// BenchmarkCollect measures from the socket to committed and flushed.
func BenchmarkCollect(b *testing.B) {
	for _, feeds := range []int{1, 4} {
		b.Run(fmt.Sprintf("feeds=%d", feeds), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				collectOnce(b, feeds)
			}
		})
	}
}

func collectOnce(b *testing.B, feeds int) {
	b.Helper()
	var upstreams []*upstream
	for range feeds {
		upstreams = append(upstreams, newUpstream(b))
	}
	t := startTwind(b, upstreams)
	each := lineCount / feeds
	for _, u := range upstreams { // one line first: the server is up and connected
		u.speak <- func(c net.Conn) error { return lines(c, 1) }
		if err := <-u.spoke; err != nil {
			b.Fatal(err)
		}
	}
	t.await(b, int64(feeds))
	b.StartTimer()
	begun := time.Now()
	for _, u := range upstreams {
		u.speak <- func(c net.Conn) error { return lines(c, each) }
	}
	for _, u := range upstreams {
		if err := <-u.spoke; err != nil {
			b.Fatal(err)
		}
	}
	t.await(b, int64(feeds+feeds*each))
	took := time.Since(begun).Seconds()
	b.StopTimer()

	rate := float64(feeds*each) / took
	b.ReportMetric(rate, "records/s")
	b.ReportMetric(rate*lineBytes/1e6, "MB/s")
	b.ReportMetric(t.peakMiB(b), "MiB-resident")
	b.ReportMetric(t.diskBytes(b)/float64(feeds*each*lineBytes), "disk/raw")
	b.ReportMetric(rate/driverRate(b), "x-driver")
	if r := rsyslogRate(b, imtcp, byLines, lineCount/4); r > 0 {
		b.ReportMetric(rate/r, "x-rsyslog-sync")
	}
	b.StartTimer()
}

// BenchmarkLatency measures from the upstream's write until another process
// can read the record, at 10,000 a second.
func BenchmarkLatency(b *testing.B) {
	const perSecond, seconds = 10_000, 5
	for b.Loop() {
		u := newUpstream(b)
		t := startTwind(b, []*upstream{u})
		u.speak <- func(c net.Conn) error { return paced(c, perSecond, seconds) }
		waits := t.readTimes(b, perSecond*seconds)
		if err := <-u.spoke; err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(quantile(waits, 0.50).Seconds()*1e3, "ms-p50")
		b.ReportMetric(quantile(waits, 0.99).Seconds()*1e3, "ms-p99")
		b.ReportMetric(t.peakMiB(b), "MiB-resident")
	}
}

// paced writes lines that begin with the time at which they were written.
func paced(w io.Writer, perSecond, seconds int) error {
	pad := strings.Repeat("x", lineBytes)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	begun := time.Now()
	var line []byte
	for sent := 0; sent < perSecond*seconds; {
		<-tick.C
		due := min(int(time.Since(begun).Seconds()*float64(perSecond)), perSecond*seconds)
		for ; sent < due; sent++ {
			line = stamp(line[:0], time.Now().UnixMicro())
			line = strconv.AppendInt(append(line, ','), int64(sent), 10)
			line = append(append(line, pad[:lineBytes-len(line)]...), '\n')
			if _, err := w.Write(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// readTimes reads the records as they become readable and returns how long
// each took.
func (t *twind) readTimes(b *testing.B, n int) []time.Duration {
	b.Helper()
	var waits []time.Duration
	var seq int64
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	for len(waits) < n {
		for r, err := range t.data.History.Arrivals(ctx, "feed0", seq) {
			if err != nil {
				if ctx.Err() != nil {
					b.Fatalf("read %d of %d records: %v", len(waits), n, err)
				}
				break // the feed is not known yet
			}
			seq = r.Seq
			waits = append(waits, time.Since(r.At.Time()))
		}
		<-time.After(time.Millisecond)
	}
	return waits
}
