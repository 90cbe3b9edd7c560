package acd

import "github.com/twinctl/twin/collector/record"

// Add adds what was counted of the same queue elsewhere: at another time, or
// of the same interval by another's records.
func (c *QueueCounts) Add(o QueueCounts) {
	c.Offered += o.Offered
	c.Refused += o.Refused
	c.Answered += o.Answered
	c.Abandoned += o.Abandoned
	c.TimedOut += o.TimedOut
	c.ExitKey += o.ExitKey
	c.ExitEmpty += o.ExitEmpty
	c.Lost += o.Lost
	c.Transferred += o.Transferred
	c.Completed += o.Completed
	c.RingNoAnswer += o.RingNoAnswer
	c.AnsweredWait += o.AnsweredWait
	c.AnsweredWaitMax = max(c.AnsweredWaitMax, o.AnsweredWaitMax)
	c.AbandonedWait += o.AbandonedWait
	c.Talk += o.Talk
	c.AnsweredWaits.Add(o.AnsweredWaits)
	c.AbandonedWaits.Add(o.AbandonedWaits)
	c.RingsNoAnswer.Add(o.RingsNoAnswer)
}

// Add adds what was counted of the same agent at another time. The map of c is
// changed, so c must be its only holder.
func (c *AgentCounts) Add(o AgentCounts) {
	if c.FirstLogin == 0 || o.FirstLogin != 0 && o.FirstLogin < c.FirstLogin {
		c.FirstLogin = o.FirstLogin
	}
	c.LastLogout = max(c.LastLogout, o.LastLogout)
	c.Staffed += o.Staffed
	c.Available += o.Available
	c.Paused += o.Paused
	c.Ringing += o.Ringing
	c.Talk += o.Talk
	c.OtherCall += o.OtherCall
	c.WrapUp += o.WrapUp
	c.Unknown += o.Unknown
	c.Answered += o.Answered
	c.RingNoAnswer += o.RingNoAnswer
	c.RingCancelled += o.RingCancelled
	c.Transferred += o.Transferred
	c.Completed += o.Completed
	c.Handled += o.Handled
	c.RingsNoAnswer.Add(o.RingsNoAnswer)
	if len(o.PausedFor) > 0 && c.PausedFor == nil {
		c.PausedFor = map[string]record.Instant{}
	}
	for reason, length := range o.PausedFor {
		if c.PausedFor[reason] += length; c.PausedFor[reason] == 0 {
			delete(c.PausedFor, reason)
		}
	}
}

// Add adds the waits of o, bin by bin.
func (w *Waits) Add(o Waits) {
	for i, n := range o {
		w[i] += n
	}
}
