// Package engine is one goroutine that decides what is due: it sleeps until the
// earliest slot, says by a pure decision what becomes of everything that is due,
// writes that down in one transaction, and starts what it wrote down. Whatever
// ends comes back to the same goroutine.
//
// Every slot of this server gets a row in the ledger, also one that does not
// run, with the reason. The row is written in the transaction that moves the
// timetable's cursor and that checks the role and its epoch: after a crash at
// any point a slot is either settled or still to be decided upon, never both
// and never neither.
package engine
