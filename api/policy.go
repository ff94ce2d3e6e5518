package api

import "time"

// NewPolicyVersion has people told of a version of the policy before it takes effect.
type NewPolicyVersion struct {
	Policy string `json:"policy" minLength:"1" maxLength:"1048576" doc:"The policy file, as YAML."`
	Drill  bool   `json:"drill,omitempty" doc:"Announce it to the canary alone: it goes the whole way, concerns nobody, and never takes effect."`
}

// PolicyVersion is a version of the policy: the one in force, or one that is to follow it.
type PolicyVersion struct {
	ID         string         `json:"id"`
	Version    string         `json:"version" doc:"As the policy calls itself."`
	Digest     string         `json:"policy_sha256"`
	State      string         `json:"state" enum:"free,announced,in-force,past,withdrawn" doc:"free: it changes nothing that must be announced, and can take effect at the next start."`
	Drill      bool           `json:"drill,omitempty"`
	Effective  string         `json:"effective,omitempty" doc:"The day it is dated." example:"2026-07-01"`
	First      string         `json:"first,omitempty" doc:"The first day it can take effect, as things stand." example:"2026-07-01"`
	Registered *time.Time     `json:"registered,omitempty"`
	Told       *time.Time     `json:"told,omitempty" doc:"When the last notice went out; missing while some wait."`
	Since      *time.Time     `json:"since,omitempty" doc:"When it took effect."`
	Changes    []string       `json:"changes" nullable:"false" doc:"What changes materially, in sentences."`
	Recipients []string       `json:"recipients,omitempty" doc:"Who newly receives data by it: people can opt out of them where a clause says so."`
	Notices    []PolicyNotice `json:"notices,omitempty" doc:"What is promised of its notice."`
	Progress   *Progress      `json:"progress,omitempty"`
}

// PolicyNotice is what a clause promises of the notice of changes.
type PolicyNotice struct {
	Clause   string   `json:"clause"`
	Ahead    string   `json:"ahead" example:"30 days"`
	Channels []string `json:"channels" nullable:"false" example:"[\"email\",\"in-app\"]"`
	OptOut   bool     `json:"opt_out,omitempty" doc:"People can opt out of who newly receives data."`
}

// Progress is how far a notice has got.
type Progress struct {
	People    int     `json:"people" doc:"Who is told."`
	Unreached int     `json:"unreached" doc:"Whom no message has reached yet."`
	Messages  []Tally `json:"messages" nullable:"false"`
}

// Tally counts messages of one channel in one state.
type Tally struct {
	Channel string `json:"channel"`
	State   string `json:"state" enum:"waiting,printed,sent,seen,failed"`
	Count   int    `json:"count"`
}

// PolicyVersions is a list of versions.
type PolicyVersions struct {
	Versions []PolicyVersion `json:"versions" nullable:"false"`
}
