package app

import (
	"net/http"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/twinctl/twin/collector"
	"github.com/twinctl/twin/collector/feed"
	"github.com/twinctl/twin/collector/store"
)

// metrics are what Prometheus reads: commits as they happen, and the rest as
// the server stands when it is asked.
type metrics struct {
	registry *prometheus.Registry
	seconds  prometheus.Histogram
	records  prometheus.Histogram
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "twin_commit_seconds", Help: "Time that a transaction took, flush included.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
		}),
		records: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "twin_commit_batch_records", Help: "Records stored by a transaction.",
			Buckets: prometheus.ExponentialBuckets(1, 4, 10),
		}),
	}
	m.registry.MustRegister(m.seconds, m.records, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// committed counts one transaction.
func (m *metrics) committed(c collector.Commit) {
	m.seconds.Observe(c.Took.Seconds())
	m.records.Observe(float64(c.Records))
}

func (m *metrics) handler(s *server) http.Handler {
	all := prometheus.NewRegistry()
	all.MustRegister(snapshot{s})
	return promhttp.HandlerFor(prometheus.Gatherers{m.registry, all}, promhttp.HandlerOpts{})
}

// A reading is one metric of a feed, read off its status.
type reading struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(collector.Status) float64
}

func perFeed(name, help string, kind prometheus.ValueType, of func(collector.Status) float64) reading {
	return reading{prometheus.NewDesc("twin_"+name, help, []string{"feed"}, nil), kind, of}
}

// readings lists the metrics of a feed. The totals count since twind started.
func readings() []reading {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	return []reading{
		perFeed("records_received_total", "Records that were heard.", counter,
			func(s collector.Status) float64 { return float64(s.Counts.Records + s.Counts.Duplicates) }),
		perFeed("bytes_received_total", "Bytes of records that were heard.", counter,
			func(s collector.Status) float64 { return float64(s.Counts.Bytes) }),
		perFeed("records_committed_total", "Records that were new, and are on disk.", counter,
			func(s collector.Status) float64 { return float64(s.Counts.Records) }),
		perFeed("records_duplicate_total", "Records that were there already.", counter,
			func(s collector.Status) float64 { return float64(s.Counts.Duplicates) }),
		perFeed("records_rejected_total", "Frames and records that could not be kept.", counter,
			func(s collector.Status) float64 { return float64(s.Counts.Rejected) }),
		perFeed("source_sessions_total", "Sessions with the upstream.", counter,
			func(s collector.Status) float64 { return float64(s.Counts.Sessions) }),
		perFeed("source_connected", "1 while the upstream is heard.", gauge,
			func(s collector.Status) float64 { return bit(s.State == feed.Live) }),
		perFeed("queue_bytes", "Bytes heard and not yet on disk.", gauge,
			func(s collector.Status) float64 { return float64(s.QueueBytes) }),
		perFeed("queue_max_bytes", "The most that may be.", gauge,
			func(s collector.Status) float64 { return float64(s.QueueLimit) }),
	}
}

// A snapshot reads the metrics off the server when it is asked.
type snapshot struct{ s *server }

// Describe implements prometheus.Collector: what there is depends on the feeds.
func (snapshot) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m snapshot) Collect(out chan<- prometheus.Metric) {
	for _, f := range m.s.collector.Status() {
		for _, r := range readings() {
			out <- prometheus.MustNewConstMetric(r.desc, r.kind, r.of(f), f.Name)
		}
	}
	paused := bit(m.s.collector.Stuck() != nil)
	out <- single("ingestion_paused", "1 while nothing can be stored.", paused)
	if free, err := store.Free(m.s.data.Dir); err == nil {
		out <- single("disk_free_bytes", "Free space where the data lies.", float64(free))
	}
	out <- single("wal_bytes", "Size of the history's write-ahead log.", float64(fileSize(filepath.Join(m.s.data.Dir, "history.db-wal"))))
	m.s.timekeeper.collect(out)
	m.s.readiness.collect(out)
	m.s.publisher.collect(out)
	m.s.roles.collect(out)
	m.s.mu.Lock()
	doc := m.s.doc
	m.s.mu.Unlock()
	for _, f := range doc.Feeds {
		out <- prometheus.MustNewConstMetric(gapsOpen, prometheus.GaugeValue, float64(f.GapsOpen), f.Name)
		if f.CoveredUntil != nil {
			out <- prometheus.MustNewConstMetric(coveredUntil, prometheus.GaugeValue, float64(*f.CoveredUntil)/1e6, f.Name)
		}
	}
}

var (
	gapsOpen     = prometheus.NewDesc("twin_source_gaps_open", "Stretches that were not heard.", []string{"feed"}, nil)
	coveredUntil = prometheus.NewDesc("twin_source_covered_until_seconds", "Up to when the feed was provably heard, as Unix time.", []string{"feed"}, nil)
)

func single(name, help string, value float64) prometheus.Metric {
	return prometheus.MustNewConstMetric(prometheus.NewDesc("twin_"+name, help, nil, nil), prometheus.GaugeValue, value)
}

func bit(on bool) float64 {
	if on {
		return 1
	}
	return 0
}
