package sms

import (
	"strings"
	"testing"
)

func TestOptOut(t *testing.T) {
	t.Parallel()
	for _, yes := range []string{
		"退订", "拒收", "TD", "T", "R", "N", "STOP", "QUIT", "UNSUBSCRIBE", "td", "t", "stop", "Stop.", "Unsubscribe!", "QX",
		"ＴＤ", "ｔｄ", " T D ", "\u3000退\u3000订\u3000", "T。", "t\r\n", "【退订】", "“退订”", "退订！！", "退订👍", "退订?", "\ufeffTD\u200b",
		"退订 退订", "TDTD", "退定", "退訂", "取消订阅", "回复TD", "回TD", "回T退订", "TD退订", "N退订", "退订回T", "拒收请回复R", "退订请发TD",
		"请退订", "我要退订", "麻烦退订谢谢", "退订短信", "短信退订", "申请退订广告", "退订吧", "stop please", "STOPALL", "cancel", "End",
	} {
		if !OptOut(yes) {
			t.Errorf("%q is not taken for an opt-out", yes)
		}
	}
	for _, no := range []string{
		"", " ", "。", "👍", "T恤多少钱", "退订流程是什么", "怎么退订", "不要退订", "别退订", "退订课程", "我要退课", "已退订为什么还发", "退订后还能上课吗",
		"TNT", "TR", "RUOK", "R U OK", "N次", "T1", "1T", "NO", "NBA", "Ted", "TDD", "stop by tomorrow", "nonstop", "weekend", "cancel my class",
		"拒收快递怎么办", "好的", "1", "0", "是", "退款", "请问几点上课", "停", "短信", "请", "回复", "谢谢", "我想",
		strings.Repeat("退订", 40), strings.Repeat(" ", 2000) + "TD", "TD" + strings.Repeat("a", 1<<20),
	} {
		if OptOut(no) {
			t.Errorf("%.40q is taken for an opt-out", no)
		}
	}
}

func FuzzOptOut(f *testing.F) {
	for _, seed := range []string{"ＴＤ", "退订 请回复Ｔ", "\xff\xfe", "T\u0301", "ſtop", "ﬅop"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		said := OptOut(text)
		if len(text) < 900 && OptOut("　"+text+" !") != said {
			t.Errorf("%q: space and punctuation change the answer", text)
		}
		if said && !strings.ContainsAny(plain(text), "TRNQSCEU退拒取") {
			t.Errorf("%q says nothing like no", text)
		}
	})
}
