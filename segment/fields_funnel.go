package segment

// Where people stand with each offering, as the projection keeps it up to date: one row for each
// person and canonical offering that ever touched each other.
const (
	pairs = "crm_pairs x"
	// inFunnel are those who may still buy: the only ones whose intent matters.
	inFunnel = "x.stage IN ('potential', 'pending')"
	// intentLevel is what staff said, or what the score says: DOMAIN §3, "Intent level".
	intentLevel = `(CASE WHEN x.set_level <> '' THEN x.set_level WHEN x.heat + x.order_heat >= {high} THEN 'high'
		WHEN x.heat + x.order_heat >= {medium} THEN 'medium' WHEN x.heat + x.order_heat > 0 THEN 'low' ELSE 'none' END)`
)

var pairFields = []Field{
	{Key: "stage", Section: Learning, Type: Words, Label: Text{"漏斗阶段", "Funnel stage"}, Choices: StageChoices, Narrow: onOfferings,
		Help: Text{"与某门课程所处的阶段：潜在、待付款、正式或退课。", "Where somebody stands with a course: potential, to pay, enrolled or withdrawn."},
		rows: pairRows("x.stage <> ''", "x.stage")},
	{Key: "intent", Section: Learning, Type: Words, Label: Text{"意向程度", "Intent level"}, Choices: IntentChoices, Narrow: onOfferings,
		Help: Text{"潜在和待付款学员对课程的意向；员工设置的优先，否则按行为计算。", "Of potential learners and those who are to pay: what staff said, else what their activities say."},
		rows: pairRows(inFunnel, intentLevel)},
	{Key: "past_offering", Section: Learning, Type: Refs, Label: Text{"往期课程", "Past courses"}, Choices: OfferingChoices,
		Help: Text{"学习期已结束、现在不在学的课程。", "Courses whose place ran out, and was not renewed."}, rows: pairRows("x.past", "x.offering_id")},
	{Key: "ordered", Section: Spending, Type: Time, Label: Text{"课程下单时间", "Ordered a course"}, Narrow: onOfferings,
		Help: Text{"最近一次为课程下单的时间，无论订单后来怎样；可限定课程。", "When somebody last ordered a course, whatever became of the order; of some courses."}, rows: pairMoments("x.ordered_at", "")},
	{Key: "paid_for", Section: Spending, Type: Time, Label: Text{"课程支付时间", "Paid for a course"}, Narrow: onOfferings,
		Help: Text{"最近一次为课程付款的时间，后来退款的也算；可限定课程。", "When somebody last paid money for a course, refunded or not; of some courses."}, rows: pairMoments("x.paid_at", "")},
	{Key: "started", Section: Learning, Type: Time, Label: Text{"加入并开始学习的时间", "Joined and began"}, Narrow: onOfferings,
		Help: Text{"最近一次加入课程的时间，且加入之后学习过；可限定课程。", "When somebody last joined a course that they have learned since; of some courses."}, rows: pairMoments("x.joined_at", " AND x.learned_at >= x.joined_at")},
}

func pairRows(where, value string) *rows {
	return &rows{from: pairs, where: where, agg: some, value: value, offering: "x.offering_id", canonical: true}
}

// pairMoments are a moment of pairs, which some never had.
func pairMoments(at, and string) *rows {
	return &rows{from: pairs, where: at + " IS NOT NULL" + and, agg: latest, value: at, past: true, offering: "x.offering_id", canonical: true}
}

// Follow-ups: what was done, and reminders of what is to be done.
const (
	followUps = "crm_followups x"
	wasDone   = "x.method <> 'plan'"
	reminder  = "x.done_at IS NULL AND x.next_at IS NOT NULL"
)

var followUpFields = []Field{
	{Key: "followup_last", Section: Reach, Type: Time, Label: Text{"最近跟进时间", "Last follow-up"},
		rows: &rows{from: followUps, where: wasDone, agg: latest, value: "x.at", past: true}},
	{Key: "followup_next", Section: Reach, Type: Time, Label: Text{"下次跟进时间", "Next follow-up"},
		Help: Text{"最早一条未完成的跟进提醒；早于现在即已逾期。", "The earliest open reminder; before now it is overdue."},
		rows: &rows{from: followUps, where: reminder, agg: earliest, value: "x.next_at"}},
	{Key: "followup_count", Section: Reach, Type: Number, Label: Text{"跟进次数", "Follow-ups"}, Narrow: []Narrowing{ByPeriod},
		Help: Text{"只安排了、还没有做的不算。", "What was only planned does not count."},
		rows: &rows{from: followUps, where: wasDone, agg: total, value: "count(*)", each: true, at: "x.at"}},
	{Key: "followup_owner", Section: Reach, Type: Words, Label: Text{"跟进负责人", "Follow-up owner"}, Choices: OwnerChoices,
		Help: Text{"未完成的跟进提醒由谁负责。", "Who is to deal with an open reminder."},
		rows: &rows{from: followUps, where: reminder + " AND x.owner_id <> ''", agg: some, value: "x.owner_id"}},
}
