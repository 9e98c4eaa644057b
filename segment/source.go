package segment

// own says where a value stands in the person's own row, crm_learners AS l. In its SQL {now} and
// {key} stand for arguments: this moment and the host's name of the field. Nothing in it ever
// comes from a rule.
type own struct {
	sql    string // an expression; NULL (for a text '', for a set '{}') when the value is missing
	via    string // for a set of offerings: what is compared is this, of offerings AS o
	age    bool   // sql is a date of birth and the value the age
	custom string // the host's name of the field
	// counted is the set of canonical offerings whose number the value is, for conditions that are
	// narrowed to some of them.
	counted string
}

// aggregate says how one value is made of many rows.
type aggregate string

const (
	total    aggregate = "total"    // a count or a sum: 0 without rows
	mean     aggregate = "mean"     // a sum by a count; missing without rows
	latest   aggregate = "latest"   // the largest; missing without rows
	earliest aggregate = "earliest" // the smallest; missing without rows
	some     aggregate = "some"     // the set of values, or for a text: some row has it
)

// rows says from which rows of a person a value is made. {now}, {currency} and {zone} stand for
// arguments, {high} and {medium} for the heat from which a level of intent holds now.
type rows struct {
	from  string // tables; the one with the person's id in learner_id is x
	where string // which rows count at all
	agg   aggregate
	value string // of a row; for totals of the whole group
	count string // mean: the divisor, of the whole group
	each  bool   // a total that counts every row at least once, so that 1 or more means any row
	past  bool   // the value is a time, and rows in the future do not count

	at       string // the time of a row, for periods
	offering string // the offering's id
	// canonical tells that there are no rows of copies, so that the offering's id can be compared
	// as it is: the planner then knows how many people a course has.
	canonical bool
	kind      string // the activity's type
	channel   string
	campaign  string
	link      string
	// recent is true of rows that can have happened at a time or later, its one argument. It says
	// nothing that value does not say, but an index can use it.
	recent string
	// What the person's own row says of everybody with such rows: a condition, the latest time of
	// rows that can make a positive total, and the set of canonical offerings that they are about.
	owns, newest, held string
}
