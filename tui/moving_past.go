package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/record"
	"github.com/twinctl/twin/switchover"
)

// backToSteps leaves what else there is to be seen.
func backToSteps() []act {
	return []act{
		{key: "l", name: "the steps", turn: func(browse) browse { return newBrowse() }},
		{key: "c", name: "check again", args: []string{"ready"}, shows: true},
	}
}

// showMoves shows who moved the role, when and why.
func showMoves(all []node.Runbook) page {
	t := tableOf(all, []field{
		{title: "begun"},
		{title: "how it went"},
		{title: "what", rank: 1},
		{title: "from", most: headName},
		{title: "to", most: headName},
		{title: "by", most: 16, rank: 2},
		{title: "took", right: true, rank: 4},
		{title: "nobody primary", right: true, rank: 3},
		{title: "epoch", right: true, rank: 5},
		{title: "why", most: 30, rank: 2},
	}, func(b node.Runbook) string { return b.ID }, func(b node.Runbook, as sight) []piece {
		r, _ := switchover.ResultOf(b)
		epoch := ""
		if r.Epoch > 0 {
			epoch = count(r.Epoch)
		}
		return []piece{
			{moment(b.Started.Time()), usual},
			moveSign(b, as.now),
			{switchover.IntentWord(b.Intent), usual},
			{b.Giver, usual},
			{b.Taker, strong},
			{b.Actor, usual},
			{moveTook(r), usual},
			{moveGap(r), usual},
			{epoch, quiet},
			{b.Reason, usual},
		}
	})
	t.empty, t.opens = "the role was never moved", true
	return page{title: "moves of the role", table: &t, acts: func(string) []act { return backToSteps() }}
}

func moveTook(r switchover.Result) string {
	if r.TookMS == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f s", r.TookMS/1000)
}

func moveGap(r switchover.Result) string {
	if r.GapMS == nil {
		return ""
	}
	return fmt.Sprintf("%.0f ms", *r.GapMS)
}

// showMoved shows one, with its steps.
func showMoved(m moving, as sight) page {
	b := m.book
	p := page{title: switchover.IntentWord(b.Intent), of: b.Giver + " -> " + b.Taker, acts: func(string) []act { return backToSteps() }}
	if b.ID == "" {
		return page{} // it was not read yet
	}
	r, _ := switchover.ResultOf(b)
	is := moveSign(b, as.now)
	p.text = append(p.text, labelled("it", is.text[:2]+switchover.BookLine(b, record.At(as.now)), is.tone, as.width)...)
	for _, f := range []struct{ name, text string }{
		{"by", b.Actor},
		{"why", b.Reason},
		{"begun", b.Started.Time().Format(clockLayout)},
		{"took", moveTook(r)},
		{"nobody primary", moveGap(r)},
		{"epochs", epochsOf(r)},
		{"cut-over", cutOver(r)},
		{"checks skipped", strings.Join(r.Override, ", ")},
		{"number", b.ID},
	} {
		if f.text != "" {
			p.text = append(p.text, labelled(f.name, f.text, usual, as.width)...)
		}
	}
	p.text = append(p.text, nil, line{{" STEPS", strong}})
	for _, row := range journalRows(m, m.phase(as), as.now) {
		p.text = append(p.text, movedStep(row, as.width)...)
	}
	return p
}

func epochsOf(r switchover.Result) string {
	if r.Epoch == 0 {
		return ""
	}
	return count(r.Was) + " -> " + count(r.Epoch)
}

func cutOver(r switchover.Result) string {
	if r.CutOver == 0 {
		return ""
	}
	return r.CutOver.Time().Format(time.RFC3339Nano)
}

// movedStep is a step as it went.
func movedStep(r stepRow, width int) []line {
	if r.ruled {
		return []line{{{" " + left("---------", 10) + left("--------", 9) + " point of no return", warn}}}
	}
	is := r.sign()
	if is.text == "" {
		is = piece{"-", quiet}
	}
	text := r.said
	if text == "" {
		text = r.What
	}
	var lines []line
	for i, part := range wrap(foreign(text), max(1, width-32)) {
		begin := line{{" ", usual}, {left(is.text, 10), is.tone}, {left(r.Name, 8) + " ", strong}, {right(r.lasting(), 9) + "  ", usual}}
		if i > 0 {
			begin = line{{strings.Repeat(" ", 31), usual}}
		}
		lines = append(lines, append(begin, piece{part, usual}))
	}
	return lines
}

// showChecks shows all that is not as it should be.
func showChecks(as sight) page {
	var all []node.ReadyCheck
	if as.own != nil {
		all = as.own.Ready.Checks
	}
	t := tableOf(all, []field{{title: ""}, {title: "on", most: headName}, {title: "check"}, {title: "what was seen", most: 40}, {title: "next", rank: 1, most: 30}}, checkKey,
		func(c node.ReadyCheck, _ sight) []piece {
			level := piece{"! warning", warn}
			if c.Level == "blocker" {
				level = piece{"x blocker", bad}
			}
			return []piece{level, {c.Side, usual}, {c.Name, strong}, {c.Compared, usual}, {c.Fix, strong}}
		})
	t.empty, t.opens = "all is as a switch-over needs it", true
	return page{title: "checks", table: &t, acts: func(string) []act { return backToSteps() }}
}

func checkKey(c node.ReadyCheck) string { return c.Name + "\x00" + c.Side }

// showCheck shows one in full.
func showCheck(as sight) page {
	p := page{title: "check", acts: func(string) []act { return backToSteps() }}
	p.text = []line{{{" it is as it should be now", good}}}
	for _, c := range as.own.Ready.Checks {
		if checkKey(c) != as.at.leaf() {
			continue
		}
		p.of, p.text = c.Name, nil
		for _, f := range []struct{ name, text string }{
			{"level", c.Level},
			{"on", c.Side},
			{"what was seen", c.Compared},
			{"next", c.Fix},
			{"leave it out", "twinctl switchover --skip-check " + c.Name + ", which stands in the journal"},
		} {
			if f.text != "" {
				p.text = append(p.text, labelled(f.name, f.text, usual, as.width)...)
			}
		}
	}
	return p
}
