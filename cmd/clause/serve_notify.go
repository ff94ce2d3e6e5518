package main

import (
	"os"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
)

// telling says how people and staff are told: flags of serve.
type telling struct {
	SMTP             string `name:"smtp" env:"CLAUSE_SMTP" placeholder:"URL" help:"The mail server: smtps://user@host:465, or smtp+starttls://user@host:587. The password belongs in CLAUSE_SMTP_PASSWORD."`
	SMTPPasswordFile string `name:"smtp-password-file" env:"CLAUSE_SMTP_PASSWORD_FILE" placeholder:"FILE" help:"A file that holds the password for it instead."`
	SMTPCA           string `name:"smtp-ca" env:"CLAUSE_SMTP_CA" placeholder:"FILE" help:"A PEM file of the authority that signed its certificate, if this machine does not know it."`
	MailFrom         string `env:"CLAUSE_MAIL_FROM" placeholder:"MAILBOX" help:"Whom mail comes from: 'Acme <privacy@acme.example>'."`

	MailBounces string `env:"CLAUSE_MAIL_BOUNCES" placeholder:"MAILBOX" help:"Where mail comes back to that cannot be delivered, if not to --mail-from: bounces+*@acme.example, with a word of its own for each mail in place of *. clause mail bounce reads it."`

	Webhook           string `env:"CLAUSE_WEBHOOK" placeholder:"URL" help:"Post messages for your own systems here, signed."`
	WebhookSecretFile string `env:"CLAUSE_WEBHOOK_SECRET_FILE" placeholder:"FILE" help:"A file that holds the secret to sign them with: whsec_ and base64, or at least 24 characters."`

	PagerKeyFile string `env:"CLAUSE_PAGER_KEY_FILE" placeholder:"FILE" help:"A file that holds the key of a PagerDuty integration, Events API v2."`
	PagerURL     string `name:"pager-url" env:"CLAUSE_PAGER_URL" placeholder:"URL" help:"Where its events go, if not to PagerDuty's own address."`

	Letters string `env:"CLAUSE_LETTERS" placeholder:"DIR" help:"Put letters, ready to print, into this folder, which nobody else can open."`
	Staff   string `env:"CLAUSE_STAFF" placeholder:"FILE" help:"A JSON file of who is told what staff must know, by role. Without it the server's log says it."`
}

// config reads what the flags name, and refuses what cannot be meant.
func (t *telling) config() (n app.Notify, err error) {
	const op = "clause.telling"
	switch {
	case t.SMTP == "" && (t.MailFrom != "" || t.MailBounces != "" || t.SMTPPasswordFile != "" || t.SMTPCA != ""):
		return n, fault.New(op, fault.Invalid, "there is no mail server for --mail-from, --mail-bounces, --smtp-password-file or --smtp-ca").WithHint("name it: --smtp")
	case t.SMTP != "" && t.MailFrom == "":
		return n, fault.New(op, fault.Invalid, "mail comes from nobody").WithHint("--mail-from 'Acme <privacy@acme.example>'")
	case (t.Webhook == "") != (t.WebhookSecretFile == ""):
		return n, fault.New(op, fault.Invalid, "--webhook and --webhook-secret-file need each other").WithHint("echo whsec_$(openssl rand -base64 32) > FILE; chmod 0600 FILE")
	case t.PagerURL != "" && t.PagerKeyFile == "":
		return n, fault.New(op, fault.Invalid, "--pager-url needs --pager-key-file")
	}
	if t.SMTP != "" {
		if n.Mail, err = t.mail(); err != nil {
			return n, err
		}
	}
	n.Webhook, n.Letters, n.PagerURL = t.Webhook, t.Letters, t.PagerURL
	if t.WebhookSecretFile != "" {
		if n.WebhookSecret, err = readSecret("the webhook's secret", t.WebhookSecretFile); err != nil {
			return n, err
		}
	}
	if t.PagerKeyFile != "" {
		if n.PagerKey, err = readSecret("the pager's key", t.PagerKeyFile); err != nil {
			return n, err
		}
	}
	if t.Staff == "" {
		return n, nil
	}
	src, err := os.ReadFile(t.Staff)
	if err != nil {
		return n, unreadable(t.Staff, err)
	}
	if n.Staff, err = notify.ParseStaff(src); err != nil {
		return n, err
	}
	n.PagerKeys = map[string]string{}
	for role, m := range n.Staff {
		switch {
		case m.PagerKeyFile == "":
		case t.PagerKeyFile == "":
			return n, fault.New(op, fault.Invalid, "the role %q has a pager's key, and there is no pager for all others", role).WithHint("name its key: --pager-key-file")
		default:
			if n.PagerKeys[role], err = readSecret("the pager's key of "+role, m.PagerKeyFile); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// mail is the mail server. Its password comes from a variable or a file, never from a command line.
func (t *telling) mail() (m notify.Mail, err error) {
	m = notify.Mail{URL: t.SMTP, From: t.MailFrom, Bounces: t.MailBounces, Password: os.Getenv("CLAUSE_SMTP_PASSWORD")}
	if t.SMTPPasswordFile != "" {
		if m.Password, err = readSecret("the mail server's password", t.SMTPPasswordFile); err != nil {
			return m, err
		}
	}
	m.Roots, err = readRoots(t.SMTPCA)
	return m, err
}
