package httpapi

import (
	"net/http"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/notice"
	"clause.dev/clause/internal/vault"
)

const (
	versionsPath = "/v1/policy-versions"
	versionPath  = versionsPath + "/{version}"
)

func (s *service) policies(r *routes) {
	r.private(operation{
		method: "POST", path: versionsPath, id: "announce-policy", tag: "policy", scope: api.ScopeAdmin,
		summary: "Announce a version of the policy", about: "Everybody it concerns is told, by the channels that the policy in force promises; it can take effect once the promised time has passed since the last notice went out.",
		in: api.NewPolicyVersion{}, out: api.PolicyVersion{}, status: http.StatusCreated,
	}, s.announcePolicy)
	r.private(operation{
		method: "GET", path: versionsPath, id: "list-policy-versions", tag: "policy",
		summary: "The policy in force, and what is announced", about: "Any key may read it; the trust page tells the public.", out: api.PolicyVersions{},
	}, s.listVersions)
	r.private(operation{
		method: "GET", path: versionPath, id: "get-policy-version", tag: "policy", scope: api.ScopeAdmin,
		summary: "One version, and how far its notice has got", out: api.PolicyVersion{},
	}, s.getVersion)
	r.private(operation{
		method: "DELETE", path: versionPath, id: "withdraw-policy", tag: "policy", scope: api.ScopeAdmin,
		summary: "Withdraw an announced version", about: "It will not take effect, and whoever was not told yet is not told.", status: http.StatusNoContent,
	}, s.withdrawPolicy)
}

// announcedWithin bounds what it takes to compare two policies and to begin telling.
const announcedWithin = 2 * time.Minute

func (s *service) announcePolicy(c vault.Caller, x *exchange) error {
	in, err := decode[api.NewPolicyVersion](x)
	if err != nil {
		return err
	}
	x.patient(announcedWithin)
	v, err := s.Notices.Announce(x.Context(), c, []byte(in.Policy), in.Drill)
	if err != nil {
		return err
	}
	if isID(v.ID) && v.State != notice.Free {
		x.Header().Set("Location", versionsPath+"/"+v.ID)
	}
	return x.answer(http.StatusCreated, Version(v))
}

func (s *service) listVersions(_ vault.Caller, x *exchange) error {
	all, err := s.Notices.Versions(x.Context())
	if err != nil {
		return err
	}
	out := api.PolicyVersions{Versions: make([]api.PolicyVersion, len(all))}
	for i, v := range all {
		out.Versions[i] = Version(v)
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) getVersion(c vault.Caller, x *exchange) error {
	v, p, err := s.Notices.Version(x.Context(), c, x.PathValue("version"))
	if err != nil {
		return err
	}
	out := Version(v)
	out.Progress = &api.Progress{People: p.People, Unreached: p.Unreached, Messages: make([]api.Tally, len(p.Messages))}
	for i, m := range p.Messages {
		out.Progress.Messages[i] = api.Tally{Channel: string(m.Channel), State: m.State, Count: m.Count}
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) withdrawPolicy(c vault.Caller, x *exchange) error {
	if err := x.nothing(); err != nil {
		return err
	}
	if err := s.Notices.Withdraw(x.Context(), c, x.PathValue("version")); err != nil {
		return err
	}
	return x.done()
}

// Version is a version as it travels.
func Version(v notice.Version) api.PolicyVersion {
	out := api.PolicyVersion{
		ID: v.ID, Version: v.Version, Digest: v.Digest, State: string(v.State), Drill: v.Drill, Effective: date(v.Dated), First: date(v.First),
		Registered: api.Moment(v.Registered), Told: api.Moment(v.Told), Since: api.Moment(v.Since), Changes: append([]string{}, v.Changes...), Recipients: v.Recipients,
	}
	for _, p := range v.Promises {
		n := api.PolicyNotice{Clause: p.Clause, Ahead: p.Ahead.String(), Channels: []string{}, OptOut: p.OptOut}
		for _, channel := range p.Channels {
			n.Channels = append(n.Channels, string(channel))
		}
		out.Notices = append(out.Notices, n)
	}
	return out
}

// date is a day as policies write it, "" for none.
func date(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}
