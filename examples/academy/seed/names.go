package seed

import (
	"fmt"
	"math/rand/v2"
)

// surnames by how common they are; the number is a weight.
var surnames = []struct {
	hanzi, pinyin string
	weight        float64
}{
	{"王", "wang", 7.2}, {"李", "li", 7.2}, {"张", "zhang", 6.8}, {"刘", "liu", 5.2}, {"陈", "chen", 4.8}, {"杨", "yang", 3.1},
	{"黄", "huang", 2.3}, {"赵", "zhao", 2.1}, {"吴", "wu", 2.0}, {"周", "zhou", 1.9}, {"徐", "xu", 1.5}, {"孙", "sun", 1.5},
	{"马", "ma", 1.3}, {"朱", "zhu", 1.3}, {"胡", "hu", 1.2}, {"郭", "guo", 1.2}, {"何", "he", 1.1}, {"林", "lin", 1.1},
	{"罗", "luo", 1.0}, {"高", "gao", 1.0}, {"郑", "zheng", .95}, {"梁", "liang", .85}, {"谢", "xie", .75}, {"宋", "song", .7},
	{"唐", "tang", .68}, {"许", "xu", .66}, {"韩", "han", .65}, {"邓", "deng", .6}, {"冯", "feng", .6}, {"曹", "cao", .58},
	{"彭", "peng", .55}, {"曾", "zeng", .54}, {"萧", "xiao", .5}, {"田", "tian", .5}, {"董", "dong", .5}, {"潘", "pan", .45},
	{"袁", "yuan", .45}, {"蔡", "cai", .45}, {"蒋", "jiang", .43}, {"余", "yu", .42}, {"于", "yu", .4}, {"杜", "du", .4},
	{"叶", "ye", .4}, {"程", "cheng", .4}, {"魏", "wei", .38}, {"苏", "su", .38}, {"吕", "lv", .36}, {"丁", "ding", .35},
	{"沈", "shen", .35}, {"任", "ren", .34}, {"姚", "yao", .33}, {"卢", "lu", .33}, {"钟", "zhong", .3}, {"姜", "jiang", .3},
	{"崔", "cui", .3}, {"谭", "tan", .29}, {"陆", "lu", .28}, {"范", "fan", .28}, {"汪", "wang", .27}, {"廖", "liao", .27},
	{"石", "shi", .26}, {"金", "jin", .26}, {"韦", "wei", .25}, {"贾", "jia", .24}, {"夏", "xia", .24}, {"付", "fu", .23},
	{"欧阳", "ouyang", .1}, {"司马", "sima", .02}, {"诸葛", "zhuge", .02}, {"上官", "shangguan", .03},
}

var surnameDice = func() *dice {
	var weights []float64
	for _, s := range surnames {
		weights = append(weights, s.weight)
	}
	return newDice(weights)
}()

// Given names as two generations give them.
var (
	givenMaleOld     = split("伟 强 军 磊 勇 杰 涛 超 鹏 斌 建华 志强 国栋 海涛 建军 晓东 文博 立新 永刚 振宇")
	givenFemaleOld   = split("芳 娜 敏 静 丽 艳 霞 燕 娟 玲 丽娟 晓红 海燕 秀英 雪梅 春燕 文静 红梅 玉兰 慧敏")
	givenMaleYoung   = split("子轩 浩然 宇航 子涵 一鸣 俊杰 博文 天宇 泽宇 嘉豪 思远 子昂 明轩 奕辰 昊天 瑞霖 家乐 梓豪 景行 承泽 凯 帆 宁 睿 晨")
	givenFemaleYoung = split("欣怡 诗涵 梓涵 雨桐 可欣 佳怡 思琪 雅静 梦瑶 子萱 语嫣 若曦 一诺 芷若 晓彤 婉清 嘉宁 佳琪 沐晴 书瑶 悦 婷 莹 琳 瑶")
)

var (
	nickHow  = split("爱学习的 想上岸的 早起的 努力的 不熬夜的 认真的 慢慢来的 追光的 快乐的 沉默的 佛系 元气 加油的 迷路的 刚睡醒的 会写诗的")
	nickWhat = split("小鹿 橘猫 程序猿 西瓜 月亮 柚子 企鹅 阿狸 番茄 小熊 海盐 栗子 云朵 风铃 鲸鱼 土豆 麦子 蜗牛 星星 向日葵")
	nickAbc  = split("momo Leo Cathy sunny Echo Kevin coco Jerry Nemo Luna zoe Allen tina Max yoyo Eric")
)

var occupations = []string{"大学生", "大学生", "大学生", "职场新人", "职场新人", "在职", "在职", "在职", "自由职业", "高中生", "教师", "全职备考", ""}

var mailHosts = []string{"example.com", "example.com", "example.com", "example.net", "example.org"}

// mobilePrefixes are three-digit prefixes in use in mainland China.
var mobilePrefixes = split(`134 135 136 137 138 138 139 139 147 150 151 152 157 158 159 172 178 182 183 184 187 188 195 198
	130 131 132 145 155 156 166 175 176 185 186 186 196 133 149 153 173 177 180 181 189 189 191 193 199`)

// mobile makes the phone number of learner i. No two learners share one by chance: the eight
// digits after the prefix are a permutation of i.
func mobile(r *rand.Rand, i int) string {
	return fmt.Sprintf("%s%08d", pick(r, mobilePrefixes), (uint64(i)*61_803_399+27_182_818)%100_000_000)
}

// email makes the address of learner i, on domains that are reserved for examples. It depends on
// i alone, so that a family can share one.
func email(seed uint64, i int) string {
	r := rand.New(rand.NewPCG(seed^0xe3a11, uint64(i)))
	return fmt.Sprintf("%s%d@%s", surnames[surnameDice.roll(r)].pinyin, 1000+i, pick(r, mailHosts))
}

// realName makes a name that fits the gender and the year of birth.
func realName(r *rand.Rand, male bool, birthYear int) string {
	given := givenFemaleYoung
	switch old := birthYear < 1992; {
	case old && male:
		given = givenMaleOld
	case old:
		given = givenFemaleOld
	case male:
		given = givenMaleYoung
	}
	return surnames[surnameDice.roll(r)].hanzi + pick(r, given)
}

// nickname makes a public name as people choose them.
func nickname(r *rand.Rand, i int) string {
	switch r.IntN(10) {
	case 0, 1, 2, 3:
		return pick(r, nickHow) + pick(r, nickWhat)
	case 4, 5, 6:
		return fmt.Sprintf("%s%s%d", pick(r, nickHow), pick(r, nickWhat), r.IntN(1000))
	case 7:
		return fmt.Sprintf("%s_%d", pick(r, nickAbc), r.IntN(100_000))
	case 8:
		return pick(r, nickAbc)
	}
	return fmt.Sprintf("学员%06d", i) // never changed the name given at sign-up
}
