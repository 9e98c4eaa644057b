package segment

// onOfferings are the narrowings of what concerns an offering.
var onOfferings = []Narrowing{ByOffering, ByCategory, ByTag}

// Enrollments that count: of students; current are those whose place has not ended.
const (
	asStudent = "x.role = 'student'"
	current   = asStudent + " AND x.status = 'active' AND (x.expires_at IS NULL OR x.expires_at > {now})"
	graded    = "crm_enrollments x JOIN crm_offerings f ON f.id = x.offering_id"
)

var learningFields = []Field{
	{Key: "enrolled", Section: Learning, Type: Refs, Label: Text{"在学课程", "Enrolled in"}, Choices: OfferingChoices, own: own{sql: "l.enrolled_ids"}},
	{Key: "learning", Section: Learning, Type: Number, Label: Text{"在学课程数", "Courses under way"}, Narrow: onOfferings,
		Help: Text{"未到期、未退出的课程和班级数。", "Places that have neither ended nor been left."}, own: own{sql: "l.enrolled_count", counted: "l.enrolled_ids"}},
	{Key: "completed", Section: Learning, Type: Number, Label: Text{"已学完课程数", "Courses completed"}, Narrow: append(onOfferings[:3:3], ByPeriod),
		rows: &rows{from: graded, where: asStudent + " AND x.completed_at IS NOT NULL", agg: total, value: "count(DISTINCT f.canonical_id)", offering: "x.offering_id", at: "x.completed_at", each: true}},
	{Key: "completed_at", Section: Learning, Type: Time, Label: Text{"最近学完时间", "Last completed"}, Narrow: onOfferings,
		rows: enrollmentRows(latest, asStudent+" AND x.completed_at IS NOT NULL", "x.completed_at")},
	{Key: "progress", Section: Learning, Type: Number, Label: Text{"学习进度（%）", "Progress (%)"}, Narrow: onOfferings, misses: true,
		Help: Text{"在学课程中最高的一门；没有必修任务数的课程不算。", "The furthest of the courses under way; those without required units do not count."},
		rows: &rows{from: graded, where: current + " AND f.required_units > 0", agg: latest, value: "least(100, x.required_done::bigint * 100 / f.required_units)", offering: "x.offering_id", owns: "l.enrolled_count > 0", held: "l.enrolled_ids"}},
	{Key: "units_left", Section: Learning, Type: Number, Label: Text{"剩余任务数", "Units left"}, Narrow: onOfferings, misses: true,
		Help: Text{"在学课程中剩余最少的一门。", "Of the course under way with the fewest left."},
		rows: &rows{from: graded, where: current + " AND f.required_units > 0", agg: earliest, value: "greatest(0, f.required_units - x.required_done)", offering: "x.offering_id", owns: "l.enrolled_count > 0", held: "l.enrolled_ids"}},
	{Key: "last_learned", Section: Learning, Type: Time, Label: Text{"最近学习时间", "Last learned"}, Narrow: onOfferings, own: own{sql: "l.last_learn_at"},
		rows: enrollmentRows(latest, "x.last_learn_at IS NOT NULL", "x.last_learn_at")},
	{Key: "stalled", Section: Learning, Type: Time, Label: Text{"学习停滞于", "Stalled since"}, Narrow: onOfferings,
		Help: Text{"在学未学完的课程最近一次学习（没学过则为加入）的时间。“早于 14 天前”即停滞 14 天以上。",
			"When a course under way and not completed was last learned, or joined. “More than 14 days ago”: stalled that long."},
		rows: &rows{from: "crm_enrollments x", where: current + " AND x.completed_at IS NULL", agg: latest, value: "coalesce(x.last_learn_at, x.joined_at)", past: true, offering: "x.offering_id",
			owns: "l.enrolled_count > 0", held: "l.enrolled_ids"}},
	{Key: "place_expires", Section: Learning, Type: Time, Label: Text{"课程到期时间", "Place ends"}, Narrow: onOfferings,
		Help: Text{"在学课程中最早到期的一门。", "The first to end of the courses under way."},
		rows: &rows{from: "crm_enrollments x", where: current + " AND x.expires_at IS NOT NULL", agg: earliest, value: "x.expires_at", offering: "x.offering_id", owns: "l.enrolled_count > 0", held: "l.enrolled_ids"}},
	{Key: "joined", Section: Learning, Type: Time, Label: Text{"最近加入时间", "Last joined"}, Narrow: onOfferings,
		rows: enrollmentRows(latest, asStudent, "x.joined_at")},
	{Key: "join_reason", Section: Learning, Type: Words, Label: Text{"加入方式", "Joined by"}, Choices: JoinChoices, Narrow: onOfferings,
		rows: enrollmentRows(some, asStudent+" AND x.join_reason <> ''", "x.join_reason")},
	{Key: "withdrawn", Section: Learning, Type: Time, Label: Text{"最近退课时间", "Last withdrew"}, Narrow: onOfferings,
		Help: Text{"自己退出、被移出或退款退出；到期不算退课。", "Left by themselves, removed or refunded; the end of a place is no withdrawal."},
		rows: enrollmentRows(latest, asStudent+" AND x.status = 'exited' AND x.exit_reason IN ('self', 'removed', 'refund') AND x.exited_at IS NOT NULL", "x.exited_at")},
	{Key: "exit_reason", Section: Learning, Type: Words, Label: Text{"退出原因", "Reason of leaving"}, Choices: ExitChoices, Narrow: onOfferings,
		rows: enrollmentRows(some, asStudent+" AND x.status = 'exited' AND x.exit_reason <> ''", "x.exit_reason")},
}

func enrollmentRows(agg aggregate, where, value string) *rows {
	return &rows{from: "crm_enrollments x", where: where, agg: agg, value: value, past: agg == latest, offering: "x.offering_id"}
}

// Deliveries that reached a provider, and the human clicks.
const (
	sentRows  = "crm_deliveries x JOIN crm_campaigns c ON c.id = x.campaign_id"
	reached   = "x.state IN ('accepted', 'delivered', 'unknown')"
	sentAt    = "coalesce(x.accepted_at, x.sending_at)"
	clickRows = "crm_clicks x"
	byHuman   = "x.kind = 'human'"
)

var reachFields = []Field{
	{Key: "contacted", Section: Reach, Type: Time, Label: Text{"最近营销时间", "Last contacted"}, Narrow: []Narrowing{ByChannel},
		rows: &rows{from: sentRows, where: reached + " AND NOT x.direct AND " + sentAt + " IS NOT NULL", agg: latest, value: sentAt, past: true, channel: "c.channel",
			recent: "(c.done_at IS NULL OR c.done_at >= ?)"}},
	{Key: "campaigns", Section: Reach, Type: Number, Label: Text{"收到营销次数", "Campaigns received"}, Narrow: []Narrowing{ByChannel, ByPeriod},
		rows: &rows{from: sentRows, where: reached, agg: total, value: "count(*)", each: true, channel: "c.channel", at: sentAt, recent: "(c.done_at IS NULL OR c.done_at >= ?)"}},
	{Key: "received", Section: Reach, Type: Refs, Label: Text{"收到营销活动", "Received campaign"}, Choices: CampaignChoices,
		rows: &rows{from: "crm_deliveries x", where: reached, agg: some, value: "x.campaign_id"}},
	{Key: "clicked", Section: Reach, Type: Refs, Label: Text{"点击营销活动", "Clicked campaign"}, Choices: CampaignChoices, Narrow: []Narrowing{ByLink},
		rows: &rows{from: clickRows, where: byHuman, agg: some, value: "x.campaign_id", link: "x.link_id"}},
	{Key: "not_clicked", Section: Reach, Type: Refs, Label: Text{"收到未点击", "Received, not clicked"}, Choices: CampaignChoices,
		rows: &rows{from: "crm_deliveries x", where: reached + " AND NOT EXISTS (SELECT FROM crm_clicks k WHERE k.campaign_id = x.campaign_id AND k.ordinal = x.ordinal AND k.kind = 'human')",
			agg: some, value: "x.campaign_id"}},
	{Key: "converted", Section: Reach, Type: Refs, Label: Text{"营销带来购买", "Bought after campaign"}, Choices: CampaignChoices,
		Help: Text{"点击后 7 天内支付，且这是支付前最后一次点击的活动。", "Paid within 7 days of a click, and it was the last click before."},
		rows: &rows{from: `crm_orders x CROSS JOIN LATERAL (SELECT k.campaign_id FROM crm_clicks k
			WHERE k.learner_id = x.learner_id AND k.kind = 'human' AND k.at <= x.paid_on AND k.at >= x.paid_on - interval '604800 seconds'
			ORDER BY k.at DESC, k.campaign_id DESC LIMIT 1) credit`, where: "x.paid_amount > 0 AND x.paid_on IS NOT NULL", agg: some, value: "credit.campaign_id"}},
	{Key: "last_click", Section: Reach, Type: Time, Label: Text{"最近点击链接时间", "Last click"}, Narrow: []Narrowing{ByCampaign, ByLink},
		rows: &rows{from: clickRows, where: byHuman, agg: latest, value: "x.at", past: true, campaign: "x.campaign_id", link: "x.link_id"}},
	{Key: "clicks", Section: Reach, Type: Number, Label: Text{"点击链接次数", "Clicks"}, Narrow: []Narrowing{ByCampaign, ByLink, ByPeriod},
		rows: &rows{from: clickRows, where: byHuman, agg: total, value: "count(*)", each: true, campaign: "x.campaign_id", link: "x.link_id", at: "x.at"}},
	{Key: "unsubscribed", Section: Reach, Type: Words, Label: Text{"已退订渠道", "Unsubscribed from"}, Choices: ChannelChoices,
		Help: Text{"用户在网校或退订页拒绝营销的渠道。", "Channels on which the person refused marketing."},
		own: own{sql: `array_remove(ARRAY[CASE WHEN 'denied' IN (l.consent_sms, l.own_sms) THEN 'sms' END, CASE WHEN 'denied' IN (l.consent_email, l.own_email) THEN 'email' END,
			CASE WHEN 'denied' IN (l.consent_message, l.own_message) THEN 'message' END], NULL)`}},
	{Key: "suppressed", Section: Reach, Type: Words, Label: Text{"已屏蔽渠道", "Suppressed on"}, Choices: ChannelChoices,
		Help: Text{"号码或邮箱无效、被投诉，或在屏蔽名单里。", "The number or address is invalid, complained, or is on the suppression list."},
		own:  own{sql: `array_remove(ARRAY[CASE WHEN l.dead_mobile THEN 'sms' END, CASE WHEN l.dead_email THEN 'email' END], NULL)`}},
}

var groupFields = []Field{
	{Key: "interest_tag", Section: Groups, Type: Refs, Label: Text{"兴趣标签", "Interest tag"}, Choices: InterestChoices, own: own{sql: "l.tag_ids"}},
	{Key: "label", Section: Groups, Type: Refs, Label: Text{"手动标签", "Manual tag"}, Choices: LabelChoices,
		Help: Text{"员工手动打的标签，与兴趣标签互不影响。", "Tags that staff gave by hand; interest tags are others."},
		rows: &rows{from: "crm_label_people x", where: "TRUE", agg: some, value: "x.label_id"}},
	{Key: "query", Section: Groups, Type: Queries, Label: Text{"快捷查询", "Quick query"}, Choices: QueryChoices,
		Help: Text{"符合（或不符合）另一个快捷查询。", "Meets, or does not meet, another quick query."}},
	{Key: "list", Section: Groups, Type: Lists, Label: Text{"名单", "Uploaded list"}, Choices: ListChoices,
		rows: &rows{from: "crm_list_members x", where: "TRUE", agg: some, value: "x.list_id"}},
	{Key: "learner", Section: Groups, Type: IDs, Label: Text{"指定用户", "Chosen people"}, own: own{sql: "l.id"}},
}
