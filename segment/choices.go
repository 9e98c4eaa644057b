package segment

import h "github.com/coursecrm/coursecrm/hostadapter"

// Choices names the list from which values are picked.
type Choices string

// Lists of choices.
const (
	NoChoices       Choices = ""
	StatusChoices   Choices = "status"
	GenderChoices   Choices = "gender"
	DeviceChoices   Choices = "device"
	RoleChoices     Choices = "role"
	SourceChoices   Choices = "source" // registration sources seen
	ProvinceChoices Choices = "province"
	CityChoices     Choices = "city"
	LevelChoices    Choices = "level"
	TagChoices      Choices = "tag"      // of offerings
	InterestChoices Choices = "interest" // those, and the parts of categories
	LabelChoices    Choices = "label"    // tags that staff give by hand
	OfferingChoices Choices = "offering"
	CategoryChoices Choices = "category"
	ActivityChoices Choices = "activity" // types seen
	OriginChoices   Choices = "origin"
	JoinChoices     Choices = "join"
	ExitChoices     Choices = "exit"
	StageChoices    Choices = "stage"
	IntentChoices   Choices = "intent"
	OwnerChoices    Choices = "owner" // of reminders to follow up
	ChannelChoices  Choices = "channel"
	CampaignChoices Choices = "campaign"
	LinkChoices     Choices = "link" // in campaigns
	ListChoices     Choices = "list"
	QueryChoices    Choices = "query"
)

// Fixed gives the values of a list whose values are the product's own words; the screens name
// them. Empty: the values come from the data.
func (c Choices) Fixed() []string {
	switch c {
	case StatusChoices:
		return texts(h.LearnerActive, h.LearnerLocked)
	case GenderChoices:
		return texts(h.GenderFemale, h.GenderMale)
	case DeviceChoices:
		return texts(h.DeviceWeb, h.DeviceIOS, h.DeviceAndroid)
	case RoleChoices:
		return texts(h.RoleStudent, h.RoleTeacher, h.RoleStaff, h.RoleSystem)
	case OriginChoices:
		return texts(h.OriginSelf, h.OriginMarketing, h.OriginOffline)
	case JoinChoices:
		return texts(h.JoinPurchase, h.JoinFree, h.JoinMembership, h.JoinImport, h.JoinMarketing, h.JoinClassroom, h.JoinStaff)
	case ExitChoices:
		return texts(h.ExitSelf, h.ExitRemoved, h.ExitRefund, h.ExitExpired, h.ExitClassroom)
	case StageChoices:
		return []string{"potential", "pending", "enrolled", "withdrawn"}
	case IntentChoices:
		return []string{"high", "medium", "low", "none"}
	case ChannelChoices:
		return texts(h.ChannelSMS, h.ChannelEmail, h.ChannelMessage)
	}
	return nil
}

func texts[T ~string](list ...T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
