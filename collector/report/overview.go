package report

// An Overview is a report with what it comes to, as a page shows it. All three
// tables have the same columns; where one has nothing to say it is nil.
type Overview struct {
	Rows   Table
	Course Table // a row for each stretch of time, all queues or agents together
	Apart  Table // a row for each queue or agent, all of the time together
}

// overview returns one of such rows, without any other yet.
func overview(rows Table) Overview {
	course, apart := rows, rows
	course.Rows, apart.Rows = [][]any{}, [][]any{}
	apart.By = ""
	return Overview{rows, course, apart}
}

// A gathering is what rows come to that have something in common, in the order
// of the first of each.
type gathering[S any] struct {
	order []any
	sums  map[any]*S
}

// of returns what gathers the rows that have this, which must be comparable.
func (g *gathering[S]) of(common any) *S {
	if g.sums == nil {
		g.sums = map[any]*S{}
	}
	if g.sums[common] == nil {
		g.sums[common] = new(S)
		g.order = append(g.order, common)
	}
	return g.sums[common]
}

func (g *gathering[S]) each(yield func(common any, sum *S)) {
	for _, common := range g.order {
		yield(common, g.sums[common])
	}
}
