package seed

import "strings"

// places are provinces with a weight (who learns online lives where), each with its cities, the
// larger ones first and repeated to be drawn more often.
var places = []struct {
	province string
	weight   float64
	cities   []string
}{
	{"广东", 11.5, split("广州 广州 深圳 深圳 东莞 佛山 惠州 珠海 中山 汕头 湛江")},
	{"江苏", 7.6, split("南京 南京 苏州 苏州 无锡 常州 南通 徐州 扬州 盐城")},
	{"浙江", 6.8, split("杭州 杭州 杭州 宁波 宁波 温州 金华 嘉兴 绍兴 台州")},
	{"山东", 7.0, split("济南 济南 青岛 青岛 潍坊 烟台 临沂 济宁 淄博")},
	{"河南", 6.2, split("郑州 郑州 郑州 洛阳 南阳 新乡 商丘 信阳")},
	{"四川", 5.8, split("成都 成都 成都 绵阳 南充 宜宾 德阳 泸州")},
	{"北京", 6.4, split("北京")},
	{"上海", 5.6, split("上海")},
	{"湖北", 4.6, split("武汉 武汉 武汉 宜昌 襄阳 荆州 黄冈")},
	{"湖南", 4.4, split("长沙 长沙 株洲 衡阳 常德 岳阳 邵阳")},
	{"河北", 4.2, split("石家庄 石家庄 保定 唐山 邯郸 廊坊 沧州")},
	{"福建", 3.4, split("福州 福州 厦门 厦门 泉州 漳州 莆田")},
	{"安徽", 3.9, split("合肥 合肥 芜湖 阜阳 安庆 蚌埠")},
	{"陕西", 3.2, split("西安 西安 西安 咸阳 宝鸡 渭南")},
	{"辽宁", 2.9, split("沈阳 沈阳 大连 大连 鞍山 锦州")},
	{"重庆", 2.7, split("重庆")},
	{"江西", 2.4, split("南昌 南昌 赣州 九江 上饶")},
	{"广西", 2.3, split("南宁 南宁 桂林 柳州 玉林")},
	{"山西", 2.0, split("太原 太原 大同 运城 临汾")},
	{"云南", 1.9, split("昆明 昆明 曲靖 大理 玉溪")},
	{"黑龙江", 1.7, split("哈尔滨 哈尔滨 大庆 齐齐哈尔")},
	{"贵州", 1.7, split("贵阳 贵阳 遵义 毕节")},
	{"吉林", 1.4, split("长春 长春 吉林 四平")},
	{"天津", 1.4, split("天津")},
	{"内蒙古", 1.1, split("呼和浩特 包头 赤峰")},
	{"新疆", 1.0, split("乌鲁木齐 乌鲁木齐 伊犁 喀什")},
	{"甘肃", 1.0, split("兰州 兰州 天水 庆阳")},
	{"海南", 0.6, split("海口 海口 三亚")},
	{"宁夏", 0.4, split("银川 银川 吴忠")},
	{"青海", 0.25, split("西宁")},
	{"西藏", 0.1, split("拉萨")},
}

// placeDice draws from places.
var placeDice = func() *dice {
	var weights []float64
	for _, p := range places {
		weights = append(weights, p.weight)
	}
	return newDice(weights)
}()

func split(words string) []string { return strings.Fields(words) }
