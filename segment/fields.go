package segment

import "slices"

// fields is the catalogue in the order of the menu. A new field is an entry here, a reader in
// values.go (the second implementation) and a row in catalog_test.go.
var fields = slices.Concat(whoFields, activityFields, spendingFields, memberFields, learningFields, pairFields, reachFields, followUpFields, groupFields)

var whoFields = []Field{
	{Key: "status", Section: Who, Type: Word, Label: Text{"账号状态", "Account status"}, Choices: StatusChoices, own: own{sql: "l.status"}},
	{Key: "registered", Section: Who, Type: Time, Label: Text{"注册时间", "Registered"}, own: own{sql: "l.registered_at"}},
	{Key: "register_source", Section: Who, Type: Word, Label: Text{"注册来源", "Registration source"}, Choices: SourceChoices, own: own{sql: "l.register_source"}},
	{Key: "device", Section: Who, Type: Word, Label: Text{"注册设备", "Device"}, Choices: DeviceChoices, own: own{sql: "l.device"}},
	{Key: "gender", Section: Who, Type: Word, Label: Text{"性别", "Gender"}, Choices: GenderChoices, own: own{sql: "l.gender"}},
	{Key: "age", Section: Who, Type: Number, Label: Text{"年龄", "Age"}, misses: true,
		Help: Text{"按周岁计算；没有填写生日的用户没有年龄。", "In completed years; people without a birthday have no age."}, own: own{sql: "l.birthday", age: true}},
	{Key: "birthday", Section: Who, Type: Date, Label: Text{"生日", "Birthday"},
		Help: Text{"2 月 29 日出生的用户在平年按 2 月 28 日过生日。", "Who was born on 29 February has the birthday on the 28th in other years."}, own: own{sql: "l.birthday"}},
	{Key: "province", Section: Who, Type: Word, Label: Text{"省份", "Province"}, Choices: ProvinceChoices, own: own{sql: "l.province"}},
	{Key: "city", Section: Who, Type: Word, Label: Text{"城市", "City"}, Choices: CityChoices, own: own{sql: "l.city"}},
	{Key: "role", Section: Who, Type: Words, Label: Text{"角色", "Role"}, Choices: RoleChoices, own: own{sql: "(CASE WHEN l.roles = '{}' THEN '{student}' ELSE l.roles END)"}},
	{Key: "inviter", Section: Who, Type: String, Label: Text{"邀请人 ID", "Inviter's ID"},
		Help: Text{"邀请该用户注册的用户在网校里的 ID。", "The host's ID of who invited this person."}, own: own{sql: "l.inviter_host_id"}},
	{Key: "nickname", Section: Who, Type: String, Label: Text{"用户名", "User name"}, Private: true, own: own{sql: "l.nickname"}},
	{Key: "real_name", Section: Who, Type: String, Label: Text{"真实姓名", "Real name"}, Private: true, own: own{sql: "l.real_name"}},
	{Key: "has_mobile", Section: Who, Type: Flag, Label: Text{"有可用手机号", "Has a usable phone"}, own: own{sql: "(l.usable_mobile IS NOT NULL)"}},
	{Key: "has_email", Section: Who, Type: Flag, Label: Text{"有可用邮箱", "Has a usable e-mail"},
		Help: Text{"网校自动生成的占位邮箱不算。", "Placeholder addresses made up by the host do not count."}, own: own{sql: "(l.usable_email IS NOT NULL)"}},
	{Key: "mobile_verified", Section: Who, Type: Flag, Label: Text{"手机号已验证", "Phone verified"}, own: own{sql: "(l.mobile_verified AND l.mobile <> '')"}},
	{Key: "email_verified", Section: Who, Type: Flag, Label: Text{"邮箱已验证", "E-mail verified"}, own: own{sql: "(l.email_verified AND l.email <> '')"}},
}

// onActivities are the narrowings of activities.
var onActivities = []Narrowing{ByType, ByOffering, ByCategory, ByTag, ByPeriod}

var activityFields = []Field{
	{Key: "last_login", Section: Activity, Type: Time, Label: Text{"最后登录时间", "Last login"}, own: own{sql: "l.last_login_at"}},
	{Key: "activity", Section: Activity, Type: Number, Label: Text{"行为次数", "Number of activities"}, Needs: NeedActivities, Narrow: onActivities,
		Help: Text{"浏览、试听、收藏、提问、学习等行为的次数，可限定行为、课程和时间。", "How often somebody viewed, tried, favoured, asked or learned; of some kinds, about some courses, within a period."}, rows: activityRows(total, "count(*)")},
	{Key: "last_activity", Section: Activity, Type: Time, Label: Text{"最近行为时间", "Latest activity"}, Needs: NeedActivities, Narrow: onActivities[:4],
		rows: activityRows(latest, "x.occurred_at")},
	{Key: "active_days", Section: Activity, Type: Number, Label: Text{"活跃天数", "Active days"}, Needs: NeedActivities, Narrow: onActivities,
		Help: Text{"有任一行为的自然日天数。", "Calendar days with at least one activity."}, rows: activityRows(total, "count(DISTINCT (x.occurred_at AT TIME ZONE {zone})::date)")},
}

func activityRows(agg aggregate, value string) *rows {
	return &rows{from: "crm_activities x", where: "TRUE", agg: agg, value: value, past: agg == latest, each: true,
		at: "x.occurred_at", offering: "x.offering_id", kind: "x.type"}
}

// paidLike are the states of orders that were paid, whatever happened to them since.
const paidLike = "x.status IN ('paid', 'fulfilled', 'finished', 'refunding', 'refunded')"

// Orders with money, as the facts count them: DOMAIN §3, "Purchases of a learner".
const (
	netOfOrders  = "coalesce(sum(x.paid_amount - x.refunded) FILTER (WHERE x.currency = {currency}), 0)"
	countOfPaid  = "count(*) FILTER (WHERE x.paid_amount > x.refunded)"
	ordersInLine = "crm_orders x"
)

var spendingFields = []Field{
	{Key: "first_paid", Section: Spending, Type: Time, Label: Text{"首次支付时间", "First paid"}, own: own{sql: "l.first_paid_at"}},
	{Key: "last_paid", Section: Spending, Type: Time, Label: Text{"最近支付时间", "Last paid"}, own: own{sql: "l.last_paid_at"}},
	{Key: "paid_count", Section: Spending, Type: Number, Label: Text{"购买次数", "Paid orders"}, Narrow: []Narrowing{ByPeriod},
		Help: Text{"有实付金额且未全额退款的订单数。", "Orders with money that were not refunded in full."}, own: own{sql: "l.paid_order_count"},
		rows: &rows{from: ordersInLine, where: "x.paid_amount > 0", agg: total, value: countOfPaid, at: "x.paid_on", owns: "l.last_paid_at IS NOT NULL", newest: "l.last_paid_at"}},
	{Key: "paid_total", Section: Spending, Type: Money, Label: Text{"累计消费", "Total paid"}, Narrow: []Narrowing{ByPeriod},
		Help: Text{"实付金额减去已退款。", "Money paid less refunds."}, own: own{sql: "l.paid_total"},
		rows: &rows{from: ordersInLine, where: "x.paid_amount > 0", agg: total, value: netOfOrders, at: "x.paid_on", owns: "l.last_paid_at IS NOT NULL", newest: "l.last_paid_at"}},
	{Key: "paid_average", Section: Spending, Type: Money, Label: Text{"平均客单价", "Average order"}, Narrow: []Narrowing{ByPeriod}, misses: true,
		Help: Text{"累计消费 ÷ 购买次数；没有购买的用户没有客单价。", "Total paid by paid orders; nobody without one has it."},
		own:  own{sql: "(l.paid_total::numeric / nullif(l.paid_order_count, 0))"},
		rows: &rows{from: ordersInLine, where: "x.paid_amount > 0", agg: mean, value: netOfOrders, count: countOfPaid, at: "x.paid_on", owns: "l.last_paid_at IS NOT NULL", newest: "l.last_paid_at"}},
	{Key: "paid_largest", Section: Spending, Type: Money, Label: Text{"最大单笔", "Largest order"}, Narrow: []Narrowing{ByPeriod}, misses: true,
		rows: &rows{from: ordersInLine, where: "x.paid_amount > x.refunded AND x.currency = {currency}", agg: latest, value: "(x.paid_amount - x.refunded)", at: "x.paid_on", owns: "l.last_paid_at IS NOT NULL", newest: "l.last_paid_at"}},
	{Key: "refund_count", Section: Spending, Type: Number, Label: Text{"退款次数", "Refunded orders"}, own: own{sql: "l.refund_count"}},
	{Key: "refund_total", Section: Spending, Type: Money, Label: Text{"退款金额", "Refunded"}, own: own{sql: "l.refund_total"}},
	{Key: "open_count", Section: Spending, Type: Number, Label: Text{"待付款订单数", "Open orders"}, own: own{sql: "l.open_order_count"}},
	{Key: "open_total", Section: Spending, Type: Money, Label: Text{"待付款金额", "Open amount"}, own: own{sql: "l.open_order_total"}},
	{Key: "open_since", Section: Spending, Type: Time, Label: Text{"最早待付款下单时间", "Oldest open order"},
		Help: Text{"“早于 24 小时前”表示有订单超过 24 小时仍未付款。", "“More than 24 hours ago”: an order has been open that long."},
		rows: &rows{from: ordersInLine, where: "x.status = 'pending'", agg: earliest, value: "x.created_at", owns: "l.open_order_count > 0"}},
	{Key: "refund_asked", Section: Spending, Type: Refs, Label: Text{"申请退款的课程", "Refund asked for"}, Choices: OfferingChoices,
		Help: Text{"已付款、正在申请退款的课程。", "Courses that were paid and whose money is wanted back."}, rows: pairRows("x.refunding > 0", "x.offering_id")},
	{Key: "coupon", Section: Spending, Type: String, Label: Text{"用过的优惠券", "Coupon used"},
		rows: &rows{from: ordersInLine, where: "x.coupon <> '' AND " + paidLike, agg: some, value: "x.coupon"}},
	{Key: "order_origin", Section: Spending, Type: Words, Label: Text{"订单来源", "Origin of orders"}, Choices: OriginChoices,
		rows: &rows{from: ordersInLine, where: paidLike, agg: some, value: "x.origin"}},
	{Key: "bought", Section: Spending, Type: Refs, Label: Text{"买过课程", "Bought"}, Choices: OfferingChoices, own: own{sql: "l.bought_ids"}},
	{Key: "bought_category", Section: Spending, Type: Words, Label: Text{"买过分类", "Bought from category"}, Choices: CategoryChoices, own: own{sql: "l.bought_ids", via: "o.category_path"}},
	{Key: "bought_tag", Section: Spending, Type: Refs, Label: Text{"买过标签", "Bought with tag"}, Choices: TagChoices, own: own{sql: "l.bought_ids", via: "o.tag_ids"}},
	{Key: "bought_price", Section: Spending, Type: Money, Label: Text{"买过价格带", "Bought at a price"},
		Help: Text{"买过的课程中，有现价符合条件的。", "Some course bought has such a price today."}, own: own{sql: "l.bought_ids", via: "o.price"}},
}

var memberFields = []Field{
	{Key: "member", Section: Member, Type: Flag, Label: Text{"是会员", "Is a member"}, Needs: NeedMemberships, own: own{sql: "(l.member_level <> '')"}},
	{Key: "member_level", Section: Member, Type: Word, Label: Text{"会员等级", "Member level"}, Choices: LevelChoices, Needs: NeedMemberships, own: own{sql: "l.member_level"}},
	{Key: "member_expires", Section: Member, Type: Time, Label: Text{"会员到期时间", "Membership ends"}, Needs: NeedMemberships,
		Help: Text{"“在未来 30 天内”为即将到期，“早于 30 天前”为已过期。", "“In the next 30 days”: about to end; “more than 30 days ago”: ended."}, own: own{sql: "l.member_expires_at"}},
	{Key: "member_ever", Section: Member, Type: Flag, Label: Text{"曾是会员", "Ever was a member"}, Needs: NeedMemberships,
		own: own{sql: "(l.member_level <> '' OR l.member_expires_at IS NOT NULL)"}},
}
