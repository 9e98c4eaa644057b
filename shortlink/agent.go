package shortlink

import "hash/fnv"

// AgentID is the stable hash of an agent's text; 0: the visitor's program said nothing of itself.
type AgentID int64

// Agent is what a visitor's program says of itself in the User-Agent header, and what we take it
// for. The zero value is one that says nothing.
//
// Text is its shape: the words of the header without numbers, so without versions of browsers and
// systems, builds, models of devices, languages, kinds of network, ids of devices, apps and
// sessions, addresses of mailboxes and pages. All these tell people apart and no rule needs them:
// what is not kept cannot be joined with anything. Without them a few thousand shapes serve all
// visitors, and each is kept once. Every rule reads the shape and never the header, so judging
// again later gives what judging the request gave.
type Agent struct {
	ID      AgentID
	Text    string // at most 300 bytes of printable ASCII without digits
	Program bool   // says that nobody is looking
	Device  Device
	App     App
	OS      OS
}

// Device is what somebody holds in their hands.
type Device string

// Devices.
const (
	DeviceOther   Device = ""
	DevicePhone   Device = "phone"
	DeviceTablet  Device = "tablet"
	DeviceDesktop Device = "desktop"
)

// OS is the system of a device.
type OS string

// Systems.
const (
	OSOther    OS = ""
	OSiOS      OS = "ios" // of iPads too
	OSAndroid  OS = "android"
	OSHarmony  OS = "harmony"
	OSWindows  OS = "windows"
	OSMacOS    OS = "macos" // iPads that ask for the pages of computers say this too
	OSLinux    OS = "linux"
	OSChromeOS OS = "chromeos"
)

// App is the app or browser in which a page is opened.
type App string

// Apps and browsers. Those with a browser inside come before it: WeChat's is WeChat.
const (
	AppOther       App = ""
	AppWeChat      App = "wechat"
	AppWeCom       App = "wecom"
	AppQQ          App = "qq"
	AppQQBrowser   App = "qqbrowser"
	AppDingTalk    App = "dingtalk"
	AppFeishu      App = "feishu" // Lark too
	AppWeibo       App = "weibo"
	AppDouyin      App = "douyin" // TikTok too
	AppToutiao     App = "toutiao"
	AppKuaishou    App = "kuaishou"
	AppBilibili    App = "bilibili"
	AppXiaohongshu App = "xiaohongshu"
	AppZhihu       App = "zhihu"
	AppAlipay      App = "alipay"
	AppTaobao      App = "taobao" // Tmall too
	AppJD          App = "jd"
	AppBaidu       App = "baidu"
	AppSogou       App = "sogou"
	AppUC          App = "uc"
	AppQuark       App = "quark"
	AppMIUI        App = "miui"
	AppHuawei      App = "huawei"
	AppHonor       App = "honor"
	AppOPPO        App = "oppo" // OnePlus and realme too
	AppVivo        App = "vivo"
	AppSamsung     App = "samsung"
	AppMeizu       App = "meizu"
	App360         App = "360"
	App2345        App = "2345"
	AppMaxthon     App = "maxthon"
	AppLiebao      App = "liebao"
	AppEdge        App = "edge"
	AppOpera       App = "opera"
	AppFirefox     App = "firefox"
	AppIE          App = "ie"
	AppChrome      App = "chrome"
	AppSafari      App = "safari"
)

// ReadAgent reads a User-Agent header by the rules that the package brings. It is pure, and
// ReadAgent(a.Text) is a again.
func ReadAgent(userAgent string) Agent { return readAgent(builtin, userAgent) }

func readAgent(rules *agentRules, userAgent string) Agent {
	text := agentShape(userAgent)
	if text == "" {
		return Agent{}
	}
	low := lower(text)
	os := osOf(low)
	return Agent{ID: agentID(text), Text: text, Program: rules.program(low), Device: deviceOf(low, os), App: appOf(low), OS: os}
}

// agentID hashes a shape: FNV-1a in 64 bits. A million shapes share one with a chance of one to
// forty million.
func agentID(text string) AgentID {
	h := fnv.New64a()
	h.Write([]byte(text)) // never fails
	if id := AgentID(h.Sum64()); id != 0 {
		return id
	}
	return 1
}
