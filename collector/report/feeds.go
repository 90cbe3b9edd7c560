package report

// counting returns the feeds that a report of counts reads: of each source the
// one that says that it counts, else the first that does not say no. A feed of
// text or of bills alone tells nothing that is counted.
func counting(feeds []Feed) []Feed {
	said := map[string]bool{}
	for _, f := range feeds {
		said[f.Source] = said[f.Source] || f.Counts != nil && *f.Counts
	}
	var all []Feed
	taken := map[string]bool{}
	for _, f := range feeds {
		isOne := f.Counts != nil && *f.Counts
		maybe := f.Counts == nil && !said[f.Source] && countable(f.Format)
		if (isOne || maybe) && !taken[f.Source] {
			taken[f.Source] = true
			all = append(all, f)
		}
	}
	return all
}

// countable tells whether queues are counted by what a format tells.
func countable(format string) bool {
	return format == "ami" || format == "queue_log" || format == "ech"
}

// tellsAgents tells whether agents' time is, too.
func tellsAgents(format string) bool { return countable(format) && format != "ech" }

// isBill tells a format that has nothing but bills of calls.
func isBill(format string) bool {
	return format == "cdr_csv" || format == "smdr" || format == "cucm_cdr"
}

// uncounted notes that what was asked for tells nothing that is counted.
func (q *question) uncounted() {
	if len(q.feeds) == 0 {
		q.note("no feed is counted")
	}
	for i := range q.feeds {
		if f := q.feeds[i].feed; !countable(f.Format) {
			q.note("feed %s is not counted: its format %s tells nothing of queues and agents", f.Name, f.Format)
		}
	}
}

// untimed notes that agents' time is not told.
func (q *question) untimed() {
	for i := range q.feeds {
		if f := q.feeds[i].feed; countable(f.Format) && !tellsAgents(f.Format) {
			q.note("feed %s has no rows of agents: its format %s does not tell what they did when", f.Name, f.Format)
		}
	}
}

// feed returns the one of that name: ErrUnknown.
func (s Sources) feed(name string) ([]Feed, error) {
	names := make([]string, len(s.Feeds))
	for i, f := range s.Feeds {
		if f.Name == name {
			return s.Feeds[i : i+1], nil
		}
		names[i] = f.Name
	}
	return nil, unknown("feed", name, names)
}
