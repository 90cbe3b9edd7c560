package feed

import "time"

// How long is waited before the doors of an upstream are tried again.
const (
	firstWait   = time.Second      // after the first round in which none answered; doubles with each further one
	longestWait = 30 * time.Second // but no longer than this
	refusedWait = time.Minute      // at least, after the upstream refused us: asking faster only fills its log
)

// backoff returns how long to wait after n rounds without an answer (n counts
// from 1). Up to a quarter of it is jitter, so that two twins that lost their
// upstream at once do not return at once; r, from 0 up to 1, says how much.
func backoff(n int, r float64) time.Duration {
	wait := longestWait
	if n < 6 { // the sixth doubling is beyond the longest wait
		wait = min(firstWait<<max(n-1, 0), longestWait)
	}
	return wait - time.Duration(r*float64(wait)/4)
}

// refusal returns how long to wait after a refusal: 60 to 75 seconds.
func refusal(r float64) time.Duration {
	return refusedWait + time.Duration(r*float64(refusedWait)/4)
}
