package web

import (
	"context"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

type templateStore world

func (s *templateStore) SaveTemplate(_ context.Context, t campaign.SavedTemplate, version int) (campaign.TemplateID, error) {
	for _, old := range s.templates {
		if old.ID == t.ID && old.Version != version || old.ID != t.ID && old.Name == t.Name && old.Channel == t.Channel {
			return 0, fault.ErrConflict
		}
	}
	for i, old := range s.templates {
		if old.ID == t.ID {
			t.Version = version + 1
			s.templates[i] = t
			return t.ID, s.fail
		}
	}
	t.ID, t.Version = campaign.TemplateID(len(s.templates)+1), 1
	s.templates = append(s.templates, t)
	return t.ID, s.fail
}

func (s *templateStore) FindTemplate(_ context.Context, id campaign.TemplateID) (campaign.SavedTemplate, error) {
	for _, t := range s.templates {
		if t.ID == id {
			return t, s.fail
		}
	}
	return campaign.SavedTemplate{}, fault.ErrNotFound
}

func (s *templateStore) TemplateVersion(ctx context.Context, ref campaign.TemplateRef) (campaign.Content, error) {
	t, err := s.FindTemplate(ctx, ref.ID)
	return t.Content, err
}

func (s *templateStore) ListTemplates(_ context.Context, ch h.Channel) ([]campaign.SavedTemplate, error) {
	return slices.DeleteFunc(slices.Clone(s.templates), func(t campaign.SavedTemplate) bool { return ch != "" && t.Channel != ch }), s.fail
}

func (s *templateStore) ArchiveTemplate(_ context.Context, id campaign.TemplateID, _ time.Time) error {
	s.templates = slices.DeleteFunc(s.templates, func(t campaign.SavedTemplate) bool { return t.ID == id })
	return s.fail
}

func (s *templateStore) MoveTemplate(_ context.Context, ref campaign.TemplateRef, from []campaign.TemplateState, to campaign.SavedTemplate) (bool, error) {
	for i, t := range s.templates {
		if t.Ref() == ref && slices.Contains(from, t.State) {
			s.templates[i] = to
			return true, s.fail
		}
	}
	return false, s.fail
}

// newLetters are the world's saved templates.
func newLetters(now time.Time) []campaign.SavedTemplate {
	sms := func(id campaign.TemplateID, name, text string, state campaign.TemplateState) campaign.SavedTemplate {
		return campaign.SavedTemplate{ID: id, Channel: h.ChannelSMS, Name: name, Version: 1, Content: campaign.Content{Text: text}, State: state,
			ByID: "7", ByName: "周敏", UpdatedAt: now.Add(-48 * time.Hour)}
	}
	approved := sms(1, "课程优惠提醒", "{{ 用户名 }}您好，您试听过的《{{ 课程名称 }}》返场优惠还剩 {{ 天数 }} 天，点击 {{ 链接 }} 查看。拒收请回复 R", campaign.TemplateApproved)
	approved.Supplier = "SMS_2081"
	waiting := sms(2, "会员续费买一送一", "{{ 用户名 }}您好，会员续费买一年送一年，点击 {{ 链接 }} 续费。拒收请回复 R", campaign.TemplateSubmitted)
	waiting.AskedAt = now.Add(-24 * time.Hour)
	refused := sms(3, "年末回馈 <b>", "{{ 用户名 }}您好，全场课程最低一折。", campaign.TemplateRejected)
	refused.Reason = "缺少退订方式 <script>alert(1)</script>"
	return []campaign.SavedTemplate{approved, waiting, refused,
		{ID: 4, Channel: h.ChannelEmail, Name: "返场邮件", Version: 3, State: campaign.TemplateApproved, ByName: "周敏", UpdatedAt: now, Content: campaign.Content{Subject: "{{ 用户名 }}，你好",
			Blocks: []campaign.Block{{Kind: campaign.BlockHeading, Text: "接着上次的进度学"}, {Kind: campaign.BlockText, Text: "你试听过的《{{ 课程名称 }}》正在返场"}, {Kind: campaign.BlockButton, Text: "继续学习", URL: "https://www.example.com/course/318"}}}},
		{ID: 5, Channel: h.ChannelMessage, Name: "回访私信", Version: 1, State: campaign.TemplateApproved, ByName: "周敏", UpdatedAt: now, Content: campaign.Content{Text: "{{ 用户名 }}，最近学得怎么样？"}},
		sms(6, "短信草稿", "{{ 用户名 }}您好，点击 {{ 链接 }} 查看。拒收请回复 R", campaign.TemplateDraft),
	}
}

// newDrafts are what the visitor and somebody else are writing.
func newDrafts(now time.Time, everyone campaign.Draft) map[string]campaign.Draft {
	sms, mail, message, other, empty, one := everyone, everyone, everyone, everyone, everyone, everyone
	empty.Key, empty.Channel = "EMPTYDRAFT", h.ChannelEmail
	empty.Content.Blocks = []campaign.Block{{Kind: campaign.BlockText}, {Kind: campaign.BlockImage}, {Kind: campaign.BlockCourse, Text: "Python"}, {Kind: campaign.BlockDivider}}
	one.Key, one.Channel, one.Direct, one.Content = "ONEDRAFT", h.ChannelMessage, true, campaign.Content{Text: "你好", From: "7"}
	one.Rule = segment.Group("all", segment.Condition("learner", segment.OpIn, []int64{1}, ""))
	sms.Key, sms.Channel, sms.Name = "SMSDRAFT", h.ChannelSMS, "双 11 返场体验课转正价"
	sms.Template, sms.Content = campaign.TemplateRef{ID: 1, Version: 1}, newLetters(now)[0].Content
	sms.Fill = campaign.Fill{Link: "https://www.example.com/course/318", Params: map[string]string{"course": "Python 数据分析实战班", "天数": "3"}, Fallbacks: map[string]string{"nickname": "同学"}}
	mail.Key, mail.Channel, mail.Name, mail.CapDays = "MAILDRAFT", h.ChannelEmail, "返场", 7
	mail.Content, mail.Fill = newLetters(now)[3].Content, campaign.Fill{Params: map[string]string{"course": "Python"}}
	message.Key, message.Channel, message.Content = "PMDRAFT", h.ChannelMessage, campaign.Content{Text: "{{ 用户名 }}，你好", From: "7"}
	other.Key, other.Channel, other.ByID = "OTHERDRAFT", h.ChannelEmail, "somebody-else"
	return map[string]campaign.Draft{sms.Key: sms, mail.Key: mail, message.Key: message, other.Key: other, empty.Key: empty, one.Key: one}
}
