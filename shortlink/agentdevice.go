package shortlink

import "strings"

// has reports whether a shape has one of the words.
func has(shape string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(shape, w) {
			return true
		}
	}
	return false
}

// osOf reads the system. Android's comes after those that claim to be like it, and MIUI's browser
// is on no computer, whatever it says.
func osOf(shape string) OS {
	switch {
	case has(shape, "openharmony", "harmonyos", "(ohos"):
		return OSHarmony
	case has(shape, "windows phone"):
		return OSWindows
	case has(shape, "android", "miuibrowser/"):
		return OSAndroid
	case has(shape, "iphone", "ipad", "ipod"):
		return OSiOS
	case has(shape, "(windows", "; windows", "windows nt", "windows ce"):
		return OSWindows
	case has(shape, "cros "):
		return OSChromeOS
	case has(shape, "macintosh", "mac os x", "darwin/"):
		return OSMacOS
	case has(shape, "linux"):
		return OSLinux
	}
	return OSOther
}

// deviceOf tells phones from tablets by what browsers say: on Android those of phones say
// "Mobile".
func deviceOf(shape string, os OS) Device {
	switch os {
	case OSHarmony:
		switch {
		case has(shape, "(pc;", "(ohos"):
			return DeviceDesktop
		case has(shape, "tablet"):
			return DeviceTablet
		case has(shape, "mobile", "phone"):
			return DevicePhone
		}
		return DeviceTablet
	case OSiOS:
		if has(shape, "ipad") && !has(shape, "iphone;") {
			return DeviceTablet
		}
		return DevicePhone
	case OSAndroid:
		switch {
		case has(shape, "; tablet", "(tablet"):
			return DeviceTablet
		case has(shape, " tv", "smarttv"):
			return DeviceOther
		case has(shape, "mobile", "; wv)", "dalvik/", "miuibrowser/", "opera mini", "nebula"):
			return DevicePhone
		}
		return DeviceTablet
	case OSWindows:
		if has(shape, "windows phone", "windows ce") {
			return DevicePhone
		}
		return DeviceDesktop
	case OSMacOS, OSChromeOS:
		return DeviceDesktop
	case OSLinux:
		if has(shape, "smart-tv", "smarttv", " tv ", "web#s") {
			return DeviceOther
		}
		return DeviceDesktop
	}
	if has(shape, "mobile", "midp", "phone", "ucweb") {
		return DevicePhone
	}
	return DeviceOther
}

// appOf finds the app by the first of its words: apps before the browsers within them, those
// before the browsers that all claim to be.
func appOf(shape string) App {
	for _, a := range appWords {
		if strings.Contains(shape, a.word) {
			return a.app
		}
	}
	switch {
	case has(shape, "; wv)"): // an app that does not say which
		return AppOther
	case has(shape, "chrome/", "crios/", "chromium/"):
		return AppChrome
	case has(shape, "safari/"):
		return AppSafari
	}
	return AppOther
}

// appWords are words of shapes in lower case, in the order in which they are asked.
var appWords = []struct {
	word string
	app  App
}{
	{"wxwork", AppWeCom},
	{"micromessenger", AppWeChat},
	{"dingtalk", AppDingTalk},
	{"lark/", AppFeishu}, {"feishu", AppFeishu}, {"larklocale", AppFeishu},
	{" qq/", AppQQ}, {"v#_and_sq", AppQQ}, {"v#_iph_sq", AppQQ}, {"qzone/", AppQQ}, {" tim/", AppQQ},
	{"weibo", AppWeibo},
	{"newsarticle", AppToutiao}, {"newslite", AppToutiao},
	{"aweme", AppDouyin}, {"douyin", AppDouyin}, {"musical_ly", AppDouyin}, {"trill_", AppDouyin},
	{"kwai/", AppKuaishou}, {"kswebview", AppKuaishou}, {"ksnebula", AppKuaishou},
	{"biliapp", AppBilibili},
	{"xhsdiscover", AppXiaohongshu}, {"xiaohongshu", AppXiaohongshu}, {" discover/", AppXiaohongshu}, {"xhsminiprogram", AppXiaohongshu},
	{"zhihu", AppZhihu}, {"osee#unified", AppZhihu},
	{"alipayclient", AppAlipay}, {"alipaydefined", AppAlipay}, {"aliapp(ap/", AppAlipay},
	{"aliapp(tb/", AppTaobao}, {"aliapp(tm/", AppTaobao}, {"aliapp(ltao", AppTaobao}, {"taobao", AppTaobao},
	{"jdapp", AppJD},
	{"bdhonorbrowser", AppHonor}, {"honorbrowser", AppHonor},
	{"swan-mibrowser", AppMIUI},
	{"baiduboxapp", AppBaidu}, {"baidubrowser", AppBaidu}, {"bidubrowser", AppBaidu}, {"tieba/", AppBaidu}, {"searchcraft", AppBaidu}, {"(baidu;", AppBaidu},
	{"sogou", AppSogou}, {"metasr", AppSogou},
	{"quark", AppQuark},
	{"qqbrowser", AppQQBrowser},
	{"miuibrowser", AppMIUI},
	{"huaweibrowser", AppHuawei},
	{"heytapbrowser", AppOPPO}, {"oppobrowser", AppOPPO},
	{"vivobrowser", AppVivo},
	{"samsungbrowser", AppSamsung},
	{"mzbrowser", AppMeizu},
	{"#se", App360}, {"#ee", App360}, {"qihu", App360}, {"qihoobrowser", App360}, {"qhbrowser", App360}, {"harmony#browser", App360}, {" #browser", App360},
	{"aphone browser", App360}, {"alitephone browser", App360},
	{"#explorer", App2345}, {"#chrome", App2345}, {"mb#browser", App2345},
	{"maxthon", AppMaxthon}, {"mxbrowser", AppMaxthon}, {"mxios", AppMaxthon},
	{"lbbrowser", AppLiebao}, {"liebao", AppLiebao},
	{"ucbrowser", AppUC}, {"ubrowser", AppUC}, {"ucweb", AppUC},
	{"edg/", AppEdge}, {"edga/", AppEdge}, {"edgios/", AppEdge}, {"edge/", AppEdge},
	{"opr/", AppOpera}, {"opera", AppOpera}, {"opt/", AppOpera},
	{"firefox/", AppFirefox}, {"fxios/", AppFirefox},
	{"msie ", AppIE}, {"trident/", AppIE},
}
