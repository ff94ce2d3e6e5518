package main

import (
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
)

// applicationKeyCmd holds what is done to the keys of one application.
type applicationKeyCmd struct {
	Rotate keyRotateCmd `cmd:"" help:"Make a new key that takes the place of the old one, which works on for a while."`
	List   keyListCmd   `cmd:"" help:"List the keys of an application that have not ended."`
	End    keyEndCmd    `cmd:"" help:"End one key, from the next request on."`
}

// keyRotateCmd makes a new key.
type keyRotateCmd struct {
	ID      string `arg:"" help:"The application, as clause application list shows it."`
	Overlap string `default:"24h" placeholder:"TIME" help:"How long the old key works beside the new one, 90d at most: as 24h or 7d, or until a time; now: not at all. Default: ${default}."`
	Expires string `placeholder:"TIME" help:"When the new key stops working, as for application create. Default: with the application."`
	KeyTo   string `placeholder:"FILE" help:"Write the key to this new file, which you alone can read. Without it the key is printed, this once."`
	Server  server `embed:""`
	JSON    bool   `help:"Print the new key as JSON."`
}

// Run makes the key.
func (c *keyRotateCmd) Run(e *env) error {
	asked, err := c.asked(e.Now())
	if err != nil {
		return err
	}
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	made, key, err := handOver(c.KeyTo, func() (api.ApplicationKey, string, error) {
		return s.RotateKey(e.Context, c.ID, asked)
	}, func(k api.ApplicationKey) (what, hint string) {
		return "key " + k.ID, "clause application key end " + c.ID + " " + k.ID + ", then make another"
	})
	if err != nil {
		return err
	}
	return c.tell(e, made, key, asked.OldEnd)
}

func (c *keyRotateCmd) asked(now time.Time) (k api.NewKey, err error) {
	if k.Expires, err = timeFrom("--expires", c.Expires, now); err != nil {
		return k, err
	}
	k.OldEnd = now
	if c.Overlap != "now" {
		k.OldEnd, err = timeFrom("--overlap", c.Overlap, now)
	}
	if err == nil && k.OldEnd.IsZero() {
		err = fault.New("clause.application", fault.Invalid, "--overlap is empty").WithHint("24h, 7d, or now")
	}
	return k, err
}

func (c *keyRotateCmd) tell(e *env, made api.ApplicationKey, key string, oldEnd time.Time) error {
	if c.JSON {
		return printJSON(e, struct {
			api.ApplicationKey
			Key    string    `json:"key,omitempty"`
			OldEnd time.Time `json:"old_end"`
		}{made, key, oldEnd})
	}
	e.printf("%s  key %s of application %s\n", e.paint(good, "created"), made.ID, c.ID)
	if oldEnd.After(e.Now()) {
		e.printf("         the key before it works until %s\n", minute(oldEnd))
	} else {
		e.printf("         the keys before it are refused from now on\n")
	}
	if key != "" {
		e.printf("the key, which cannot be shown again:\n%s\n", key)
		return nil
	}
	e.printf("         it is in %s\n", c.KeyTo)
	return nil
}

// keyListCmd lists the keys.
type keyListCmd struct {
	ID     string `arg:"" help:"The application, as clause application list shows it."`
	Server server `embed:""`
	JSON   bool   `help:"Print the keys as JSON."`
}

// Run lists the keys, without their secrets.
func (c *keyListCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	keys, err := s.ApplicationKeys(e.Context, c.ID)
	if err != nil {
		return told(err)
	}
	if c.JSON {
		return printJSON(e, api.ApplicationKeys{Keys: append([]api.ApplicationKey{}, keys...)})
	}
	rows := [][]string{{"KEY", "STATE", "CREATED"}}
	for _, k := range keys {
		rows = append(rows, []string{k.ID, validity(api.Application{Expires: k.Expires}, e.Now()), minute(k.Created)})
	}
	showTable(e, rows)
	return nil
}

// keyEndCmd ends one key.
type keyEndCmd struct {
	ID     string `arg:"" help:"The application."`
	Key    string `arg:"" help:"Its key, as clause application key list shows it."`
	Server server `embed:""`
}

// Run ends the key.
func (c *keyEndCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	if err := s.EndKey(e.Context, c.ID, c.Key); err != nil {
		return told(err)
	}
	e.printf("%s  key %s is refused from now on\n", e.paint(good, "ended"), c.Key)
	return nil
}
