package httpapi

import (
	"context"

	"clause.dev/clause/internal/notice"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// herald stands for the desk of notices.
type herald struct{ f *fake }

func (h herald) version(id string) notice.Version {
	return notice.Version{
		ID: id, Digest: "ab12", Version: "next", State: notice.Announced, Registered: noon, Dated: noon.AddDate(0, 0, 31), First: noon.AddDate(0, 0, 31),
		Changes: []string{"Privacy requests go elsewhere."},
		Promises: []notice.Promise{{Clause: "clesaro-change-notice", Control: "change-notice", Ahead: policy.Term{Form: policy.Within, Count: 30, Unit: policy.Day},
			Channels: []notify.Channel{notify.Email, notify.InApp}}},
	}
}

func (h herald) Announce(_ context.Context, c vault.Caller, src []byte, drill bool) (notice.Version, error) {
	return h.version("pv_1"), h.f.call("Announce %s %q %v", c.Credential.ID, src, drill)
}

func (h herald) Versions(context.Context) ([]notice.Version, error) {
	return []notice.Version{h.version("pv_1")}, h.f.call("Versions")
}

func (h herald) Version(_ context.Context, c vault.Caller, id string) (notice.Version, notice.Progress, error) {
	return h.version(id), notice.Progress{People: 3, Unreached: 1, Messages: []notify.Tally{{Channel: notify.Email, State: notify.Sent, Count: 2}}},
		h.f.call("Version %s %s", c.Credential.ID, id)
}

func (h herald) Withdraw(_ context.Context, c vault.Caller, id string) error {
	return h.f.call("Withdraw %s %s", c.Credential.ID, id)
}

func (h herald) OptOut(_ context.Context, c vault.Caller, tenant, subject, recipient string, out bool) error {
	return h.f.call("OptOut %s %s %s %s %t", c.Credential.ID, tenant, subject, recipient, out)
}

func (h herald) Write(_ context.Context, c vault.Caller, tenant, subject, about string) (notice.Written, error) {
	return h.written(), h.f.call("Write %s %s %s %q", c.Credential.ID, tenant, subject, about)
}

func (h herald) WrittenOf(_ context.Context, c vault.Caller, tenant, subject string) ([]notice.Written, error) {
	return []notice.Written{h.written()}, h.f.call("WrittenOf %s %s %s", c.Credential.ID, tenant, subject)
}

func (h herald) written() notice.Written {
	return notice.Written{ID: "wn_1", About: "inc_1", Asked: noon, Clocks: []obligation.Clock{clerk(h).clock("clk_1")}}
}
