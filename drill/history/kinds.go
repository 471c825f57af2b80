package history

// Kind says what happened, and which fields of an event are set.
type Kind string

// What the drill does.
const (
	// DrillBegan: ID is the scenario's name, Words what it shows.
	DrillBegan Kind = "drill-began"
	// StepBegan and StepEnded: Words is the step's sentence, Error why it failed.
	StepBegan Kind = "step-began"
	StepEnded Kind = "step-ended"
	// CommandBegan and CommandEnded: Words is a command line, Error how it failed.
	CommandBegan Kind = "command-began"
	CommandEnded Kind = "command-ended"
	// MoveBegan and MoveEnded: an operator moves the system to the other region, by one command or more. Error says why
	// it failed.
	MoveBegan Kind = "move-began"
	MoveEnded Kind = "move-ended"
	// OutageBegan and OutageEnded: of Region. ID is what fails: "region" or "site".
	OutageBegan Kind = "outage-began"
	OutageEnded Kind = "outage-ended"
)

// What the customers see.
const (
	// MeasuringBegan: from here on, customers write as steadily as they can.
	MeasuringBegan Kind = "measuring-began"
	// WriteAcknowledged: the shop in Region has acknowledged the write ID, a customer who signed up.
	WriteAcknowledged Kind = "write-acknowledged"
	// Purchased: the probe ID, a new visitor, has opened the page, signed up and filled a basket in Region.
	Purchased Kind = "purchased"
	// PageOpened: a site has named the shop in Region.
	PageOpened Kind = "page-opened"
	// ShopHealthy: the shop on the instance ID in Region answers, and did not before.
	ShopHealthy Kind = "shop-healthy"
	// LookBegan: the drill begins to look in Region for every write that was acknowledged since the look before. ID names
	// the move that it follows.
	LookBegan Kind = "look-began"
	// WriteLost: the shop in Region does not know the write ID.
	WriteLost Kind = "write-lost"
	// LookEnded: whatever is not lost was found. ID and Region are the look's.
	LookEnded Kind = "look-ended"
	// Visited: a shopper has seen Visit in Region.
	Visited Kind = "visited"
)

// What AWS does.
const (
	// InstanceLaunched: the EC2 instance ID runs in Region.
	InstanceLaunched Kind = "instance-launched"
	// DatabasePromoted: the writer of the global database is the cluster ID in Region.
	DatabasePromoted Kind = "database-promoted"
	// ChangeSetAskedFor: CloudFormation in Region was asked for a change set of the stack ID.
	ChangeSetAskedFor Kind = "change-set-asked-for"
	// StackUpdateBegan: of the stack ID in Region.
	StackUpdateBegan Kind = "stack-update-began"
	// InstanceComplete: CloudFormation has the signal of an instance of the stack ID in Region.
	InstanceComplete Kind = "instance-complete"
	// RoleBegan and RoleComplete: of Custom::RegionRole in the stack ID in Region.
	RoleBegan    Kind = "role-began"
	RoleComplete Kind = "role-complete"
)

var kinds = []Kind{
	DrillBegan, StepBegan, StepEnded, CommandBegan, CommandEnded, MoveBegan, MoveEnded, OutageBegan, OutageEnded,
	MeasuringBegan, WriteAcknowledged, Purchased, PageOpened, ShopHealthy, LookBegan, WriteLost, LookEnded, Visited,
	InstanceLaunched, DatabasePromoted, ChangeSetAskedFor, StackUpdateBegan, InstanceComplete, RoleBegan, RoleComplete,
}
