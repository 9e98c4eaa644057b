package shortlink

import (
	_ "embed"
	"hash/fnv"
	"strings"
	"testing"
)

// The tables are real User-Agent headers that were found in access logs, tests, issues and code of
// public repositories, on vendors' pages and in a public list of crawlers; ids of devices and
// people in them are made up. A line is an agent, one that starts with "#" a remark.
var (
	//go:embed testdata/people.txt
	peopleList string
	//go:embed testdata/programs.txt
	programList string
)

func agentsOf(list string) []string {
	var out []string
	for line := range strings.Lines(list) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}

// heldOut is a third of each table that no rule was written for: rules are made by looking at the
// others.
func heldOut(agent string) bool {
	h := fnv.New32a()
	h.Write([]byte(agent))
	return h.Sum32()%3 == 0
}

// TestAgentsOfTheTables names each agent that the rules take for what it is not. None of the
// people is; of the programs a few are, which say nothing by which they could be told.
func TestAgentsOfTheTables(t *testing.T) {
	t.Parallel()
	for _, table := range []struct {
		name, list string
		program    bool
		atLeast    int
		limit      float64
	}{
		{"people", peopleList, false, 300, 0.01},
		{"programs", programList, true, 250, 0.05},
	} {
		t.Run(table.name, func(t *testing.T) {
			t.Parallel()
			agents := agentsOf(table.list)
			seen := map[string]bool{}
			var n, wrong [2]int // all, held out
			for _, text := range agents {
				if seen[text] {
					t.Errorf("twice: %s", text)
				}
				seen[text] = true
				part := 1
				if heldOut(text) {
					part = 2
				}
				for i := range part {
					n[i]++
				}
				if a := ReadAgent(text); a.Program != table.program {
					for i := range part {
						wrong[i]++
					}
					t.Logf("taken for the other: %s\n\tas %s", text, a.Text)
				}
			}
			if n[0] < table.atLeast {
				t.Errorf("%d agents, want %d", n[0], table.atLeast)
			}
			for i, name := range []string{"all", "held out"} {
				rate := float64(wrong[i]) / float64(n[i])
				t.Logf("%s: %d of %d wrong, %.2f %%", name, wrong[i], n[i], 100*rate)
				if rate > table.limit {
					t.Errorf("%s: %.4f wrong, at most %.2f", name, rate, table.limit)
				}
			}
		})
	}
}

// TestAgentsAreRead finds what the first agent of the people's table with a text is read as.
func TestAgentsAreRead(t *testing.T) {
	t.Parallel()
	people := agentsOf(peopleList)
	for _, c := range []struct {
		text   string
		device Device
		app    App
		os     OS
	}{
		{"MicroMessenger/8.0.56", DevicePhone, AppWeChat, OSAndroid},
		{"MicroMessenger/8.0.49", DevicePhone, AppWeChat, OSiOS},
		{"WindowsWechat(0x63090c25)", DeviceDesktop, AppWeChat, OSWindows},
		{"MacWechat/3.8.6", DeviceDesktop, AppWeChat, OSMacOS},
		{"UnifiedPCLinuxWechat", DeviceDesktop, AppWeChat, OSLinux},
		{"wxwork/4.1.30", DevicePhone, AppWeCom, OSiOS},
		{"wxwork/4.1.36", DevicePhone, AppWeCom, OSAndroid},
		{"wxwork/4.1.10", DeviceDesktop, AppWeCom, OSWindows},
		{"wxwork/3.1.18", DeviceDesktop, AppWeCom, OSMacOS},
		{"QQ/9.0.0.14110", DevicePhone, AppQQ, OSAndroid},
		{"QQ/9.2.90.610", DevicePhone, AppQQ, OSiOS},
		{"Qzone/", DevicePhone, AppQQ, OSAndroid},
		{"MQQBrowser/14.3", DevicePhone, AppQQBrowser, OSAndroid},
		{"MQQBrowser/11.0.7", DevicePhone, AppQQBrowser, OSiOS},
		{" QQBrowser/10.5", DeviceDesktop, AppQQBrowser, OSWindows},
		{"AliApp(DingTalk/6.0.7.1)", DevicePhone, AppDingTalk, OSAndroid},
		{"AliApp(DingTalk/7.8.1)", DevicePhone, AppDingTalk, OSiOS},
		{"DingTalk(7.8.10", DeviceDesktop, AppDingTalk, OSWindows},
		{"Lark/5.10.4", DevicePhone, AppFeishu, OSAndroid},
		{"Lark/7.10.5", DeviceDesktop, AppFeishu, OSMacOS},
		{"SogouMobileBrowser/5.38.6", DevicePhone, AppSogou, OSAndroid},
		{"MetaSr 1.0", DeviceDesktop, AppSogou, OSWindows},
		{"baiduboxapp/13.31", DevicePhone, AppBaidu, OSiOS},
		{"lite baiduboxapp", DevicePhone, AppBaidu, OSAndroid},
		{"UCBrowser/17.7", DevicePhone, AppUC, OSAndroid},
		{"UBrowser/6.2", DeviceDesktop, AppUC, OSWindows},
		{"UCWEB7", DevicePhone, AppUC, OSOther},
		{"Quark/7.13", DevicePhone, AppQuark, OSAndroid},
		{"QuarkPC", DeviceDesktop, AppQuark, OSWindows},
		{"FIN-AL60", DevicePhone, AppHuawei, OSHarmony},
		{"BRT-W09", DeviceTablet, AppHuawei, OSHarmony},
		{"SEA-AL10", DevicePhone, AppHuawei, OSAndroid},
		{"HuaweiBrowser/5.0.4.303", DevicePhone, AppHuawei, OSHarmony},
		{"HuaweiBrowser/5.1.8.311", DeviceTablet, AppHuawei, OSHarmony},
		{"HuaweiBrowser/6.1.7.302", DeviceDesktop, AppHuawei, OSHarmony},
		{"bdhonorbrowser", DevicePhone, AppHonor, OSAndroid},
		{"MiuiBrowser/18.6", DevicePhone, AppMIUI, OSAndroid},
		{"MiuiBrowser/19.0", DevicePhone, AppMIUI, OSAndroid}, // asking for the pages of computers
		{"HeyTapBrowser/40.10", DevicePhone, AppOPPO, OSAndroid},
		{"VivoBrowser/19.3", DevicePhone, AppVivo, OSAndroid},
		{"SamsungBrowser/25.0", DevicePhone, AppSamsung, OSAndroid},
		{"SAMSUNG SM-T550", DeviceTablet, AppSamsung, OSAndroid},
		{"MZBrowser", DevicePhone, AppMeizu, OSAndroid},
		{"AlipayClient/10.8.30", DevicePhone, AppAlipay, OSiOS},
		{"AlipayClient/10.2.36", DevicePhone, AppAlipay, OSAndroid},
		{"AliApp(TB/10.46", DevicePhone, AppTaobao, OSAndroid},
		{"aweme_210600", DevicePhone, AppDouyin, OSAndroid},
		{"NewsArticle/8.8.5", DevicePhone, AppToutiao, OSAndroid},
		{"Weibo (iPhone13,2", DevicePhone, AppWeibo, OSiOS},
		{"BiliApp/83000100", DevicePhone, AppBilibili, OSiOS},
		{"xhsdiscover", DevicePhone, AppXiaohongshu, OSiOS},
		{"ZhihuHybrid", DevicePhone, AppZhihu, OSAndroid},
		{"Kwai/13.0", DevicePhone, AppKuaishou, OSiOS},
		{"jdapp", DevicePhone, AppJD, OSAndroid},
		{"QIHU 360EE", DeviceDesktop, App360, OSWindows},
		{"360 Aphone", DevicePhone, App360, OSAndroid},
		{"2345Explorer", DeviceDesktop, App2345, OSWindows},
		{"Mb2345Browser", DevicePhone, App2345, OSAndroid},
		{"Maxthon/4", DeviceDesktop, AppMaxthon, OSWindows},
		{"Edg/140", DeviceDesktop, AppEdge, OSWindows},
		{"EdgiOS", DevicePhone, AppEdge, OSiOS},
		{"Firefox/140", DeviceDesktop, AppFirefox, OSWindows},
		{"FxiOS", DevicePhone, AppFirefox, OSiOS},
		{"(Android 8.0.0; Tablet", DeviceTablet, AppFirefox, OSAndroid},
		{"OPR/108", DeviceDesktop, AppOpera, OSWindows},
		{"MSIE 8.0; Windows NT 6.1", DeviceDesktop, AppIE, OSWindows},
		{"Lumia 520", DevicePhone, AppIE, OSWindows},
		{"CrOS", DeviceDesktop, AppChrome, OSChromeOS},
		{"Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132", DevicePhone, AppChrome, OSAndroid},
		{"iPlay40", DeviceTablet, AppChrome, OSAndroid},
		{"Version/17.6", DevicePhone, AppSafari, OSiOS},
		{"(iPad; CPU OS 17_5", DeviceTablet, AppSafari, OSiOS},
		{"Version/17.5 Safari/605", DeviceDesktop, AppSafari, OSMacOS},
		{"Pixel 8 Build", DevicePhone, AppOther, OSAndroid}, // an app that does not say which
	} {
		found := false
		for _, text := range people {
			if !strings.Contains(text, c.text) {
				continue
			}
			found = true
			if a := ReadAgent(text); a.Device != c.device || a.App != c.app || a.OS != c.os {
				t.Errorf("%s:\n\t%q %q %q, want %q %q %q", text, a.Device, a.App, a.OS, c.device, c.app, c.os)
			}
			break
		}
		if !found {
			t.Errorf("no agent with %q", c.text)
		}
	}
}
