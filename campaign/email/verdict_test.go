package email

import (
	"bufio"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
)

// TestRefusals holds what real servers say. Unless an entry names another step, it is said to RCPT.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const (
		invalid  = "invalid"  // no more mail to this address
		rejected = "rejected" // this message is not taken
		later    = "later"    // not now
		us       = "us"       // nobody would get it
	)
	for _, c := range []struct{ said, want string }{
		// Gmail
		{"550-5.1.1 The email account that you tried to reach does not exist. Please try\r\n550-5.1.1 double-checking the recipient's email address for typos or\r\n550-5.1.1 unnecessary spaces. For more information, go to\r\n550 5.1.1  https://support.google.com/mail/?p=NoSuchUser d2e1a72fcca58-68e2 - gsmtp", invalid},
		{"550 5.2.1 The email account that you tried to reach is disabled. For more information, go to https://support.google.com/mail/?p=DisabledUser - gsmtp", invalid},
		{"550-5.2.1 The email account that you tried to reach is inactive. - gsmtp\r\n550 5.2.1 https://support.google.com/mail/?p=DisabledUser", invalid},
		{"550-5.2.1 The user you are trying to contact is receiving mail at a rate that\r\n550-5.2.1 prevents additional messages from being delivered. - gsmtp\r\n550 5.2.1 https://support.google.com", rejected},
		{"450 4.2.1 The user you are trying to contact is receiving mail too quickly. - gsmtp", later},
		{"452 4.2.2 The email account that you tried to reach is over quota. - gsmtp", later},
		{"552 5.2.2 The email account that you tried to reach is over quota and inactive. - gsmtp", rejected},
		{". 550-5.7.1 Our system has detected that this message is likely unsolicited mail. - gsmtp\r\n550 5.7.1 blocked", rejected},
		{". 550 5.7.26 This mail has been blocked because the sender is unauthenticated. - gsmtp", rejected},
		{". 421 4.7.28 Our system has detected an unusual rate of unsolicited mail - gsmtp", later},
		{"550 5.4.5 Daily user sending limit exceeded. - gsmtp", us},
		// Outlook, Hotmail, Exchange
		{"550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [BN8NAM12FT043.eop-nam12.prod.protection.outlook.com]", invalid},
		{"550 5.4.1 Recipient address rejected: Access denied. [DB5EUR03FT056.eop-EUR03.prod.protection.outlook.com] AS(201806281)", invalid},
		{"550 5.4.1 All recipient addresses rejected : Access denied", rejected},
		{"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient user@contoso.example not found by SMTP address lookup", invalid},
		{"550 5.1.1 RESOLVER.ADR.RecipNotFound; not found", invalid},
		{". 554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException", rejected},
		{"550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140).", rejected},
		{"550 5.7.606 Access denied, banned sending IP [192.0.2.1]", rejected},
		{"451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.", later},
		{"550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed because the sender was not authenticated", rejected},
		// Yahoo, iCloud, others abroad
		{"554 delivery error: dd This user doesn't have a yahoo.com account (user@yahoo.com) [-5] - mta1155.mail.sk1.yahoo.com", invalid},
		{"552 1 Requested mail action aborted, mailbox not found", rejected},
		{"554 30 Sorry, your message to user@yahoo.com cannot be delivered. This mailbox is disabled (554.30).", rejected},
		{"421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints", later},
		{"550 5.1.1 <user@icloud.com>: user does not exist", invalid},
		{"550 Requested action not taken: mailbox unavailable", invalid},
		{"550 #5.1.0 Address rejected.", invalid},
		{"550 5.1.0 Sender rejected", rejected},
		{"550 Unrouteable address", invalid},
		{"550 5.1.2 Domain not found", invalid},
		{"556 5.1.10 Recipient address has null MX", invalid},
		{"550 5.7.0 address invalid", rejected},
		// QQ Mail and exmail
		{"550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000728", invalid},
		{"550 The recipient may contain a non-existent account, please check the recipient address. https://service.mail.qq.com/detail/122/169", rejected},
		{"501 Bad address syntax. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000730", invalid},
		{"550 Mailbox unavailable or access denied [abc IP: 192.0.2.1]. https://open.work.weixin.qq.com/help2/pc/20049", rejected},
		{"550 Ip frequency limited. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000725", us},
		{"550 Domain frequency limited [abc IP: 192.0.2.1].", us},
		{". 550 Mail content denied. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000726", rejected},
		{". 550 Suspected bulk spam [MnZ IP: 192.0.2.1]", rejected},
		{"552 Mailbox full", rejected},
		// NetEase: 163, 126, yeah
		{"550 User not found: 12345@163.com", invalid},
		{"550 RP:RCL  163 mx26, User not found", invalid},
		{"550 User suspended", rejected},
		{"550 User is locked", rejected},
		{"552 Quota exceeded or service disabled.", rejected},
		{". 554 DT:SPM 163 smtp10,PMCowABnb", rejected},
		{". 550 DT:SUM 163 smtp1", rejected},
		{"553 Requested action not taken: Local user only", rejected},
		{"553 Requested action not taken: no smtp MX only", rejected},
		{"421 HL:REP 163 mx1, The IP has a bad reputation", later},
		{"451 RP:CEL 163 mx1", later},
		{"553 mail from must equal authorized user", rejected},
		// Sina, Sohu, 139, Aliyun, Coremail, TurboMail
		{"550 mailbox unavailable", invalid},
		{"550 Local User [user@sohu.com] not found.", invalid},
		{"550 RC:NE The email account does not exist.", invalid},
		{"550 RC:LD The email account that you tried to reach does no exists.", invalid},
		{"550 abcd:user not exist", invalid},
		{"554 RCPT (user@example.com) dosn't exist", invalid},
		{"553 \"RCPT TO\" mailbox unavailable", invalid},
		{"552 mailbox is full", rejected},
		{"542 This account isn't allowed to receive email", rejected},
		{"550 #2175041 unavailable mail user", invalid},
		{"550 Invalid User: user@139.com", invalid},
		{"551 5.1.1 recipient is not exist", invalid},
		{"550 5.1.1 Recipient address rejected: undeliverable address: unknown user: \"user@example.com\"", invalid},
		{". 554 Reject by content spam", rejected},
		{". 554 Reject by behaviour spam", rejected},
		{"454 Transient reject by behaviour spam", later},
		// Postfix, Exim, Sendmail, qmail, Cisco
		{"550 5.1.1 <user@example.com>: Recipient address rejected: User unknown in virtual mailbox table", invalid},
		{"550 5.1.1 <user@example.com>... User unknown", invalid},
		{"450 4.1.1 <user@example.com>: Recipient address rejected: User unknown in local recipient table", later},
		{"450 4.2.0 <user@example.com>: Recipient address rejected: Greylisted", later},
		{"452 4.3.1 Insufficient system storage", later},
		{"452 4.5.3 Error: too many recipients", later},
		{"550 5.2.0 mail can't be delivered", rejected},
		{"553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", rejected},
		{"550 sorry, no mailbox here by that name. (#5.1.1)", invalid},
		{"550 No such user here", invalid},
		{"551 User not local; please try <x@example.net>", rejected},
		{"554 5.7.1 <user@example.com>: Relay access denied", us},
		{"550 5.7.1 Unable to relay", us},
		{"553 5.7.1 <hello@example.com>: Sender address rejected: not owned by user hello", us},
		{"550 5.1.8 <hello@example.com>: Sender address rejected: Domain not found", us},
		{"554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", us},
		{"530 5.7.0 Must issue a STARTTLS command first", us},
		{"530 Authentication required", us},
		{"550 Authentication is required for relay", us},
		{"550 no such user at this host", invalid},
		{"550 spam from your host: no such user", rejected},
		{"550 5.1.7 Bad sender's mailbox address syntax", rejected},
		{"550 5.1.4 ambiguous", rejected},
		{"550 blocked by policy: no such user list", rejected},
		{"550 message from spamming host not found", rejected},
		{"554 5.5.1 Error: no valid recipients", rejected},
		{"500 what", rejected},
		// at the end of the content, and at DATA, words alone do not suffice
		{". 550 5.1.1 User unknown", invalid},
		{". 550 user unknown", rejected},
		{". 554 5.7.1 Relay access denied", rejected},
		{". 452 4.3.1 disk full", later},
		{". 421 closing", later},
		{"DATA 554 no such user", rejected},
		{"DATA 530 log in", us},
		{"MAIL 550 no such user", us},
		{"MAIL 552 5.3.4 too large", us},
		{"MAIL 451 not now", later},
	} {
		said, at := c.said, stepRcpt
		for name, step := range map[string]step{". ": stepEnd, "DATA ": stepData, "MAIL ": stepMail} {
			if rest, ok := strings.CutPrefix(said, name); ok {
				said, at = rest, step
			}
		}
		r, err := readReply(bufio.NewReader(strings.NewReader(said + "\r\n")))
		if err != nil {
			t.Fatalf("%q: %v", said, err)
		}
		o, ours := refusal(at, r)
		got := rejected
		switch {
		case ours:
			got = us
		case o.Kind == temporary:
			got = later
		case o.Kind == permanent && o.Reason == campaign.ReasonInvalid:
			got = invalid
		case o.Kind != permanent || o.Reason != campaign.ReasonRejected:
			got = "nothing"
		}
		if got != c.want {
			t.Errorf("%q\n\tis %s, want %s", c.said, got, c.want)
		}
	}
}
