package verdict

import "fmt"

// The drill's own share is a regression's to spoil: the CDK, the functions, the shop's start, the move of the writer. The
// limits are many times what they take on a quiet machine with two cores, 8 s and 0.1 s, since most machines are not.
const (
	recoveryBudget = Seconds(120)
	plannedBudget  = Seconds(10)
)

// ownShare is what the drill took from the command to the first purchase, without AWS's waits.
func ownShare(r Recovery) Judgement {
	return Judgement{fmt.Sprintf("the drill's own share of the %s, from the command on", r.Move), r.FromCommand, recoveryBudget}
}

// writeOutage of a switchover: the instance of the other region answers before the writer moves.
func writeOutage(l Loss) Judgement {
	return Judgement{fmt.Sprintf("the write outage of the %s in the drill", l.Move), l.WriteOutage, plannedBudget}
}
