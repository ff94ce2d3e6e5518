package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
)

var (
	demoNames     = []string{"Amal", "Bilal", "Carmen", "Dina", "Elif", "Farid", "Grace", "Hana", "Imran", "Jumana", "Karim", "Layla", "Mei", "Noor", "Omar", "Priya", "Rashid", "Salma", "Tariq", "Yara"}
	demoMerchants = []struct{ name, category string }{
		{"Union Co-op", "groceries"}, {"Carrefour", "groceries"}, {"Salik", "transport"}, {"Metro", "transport"},
		{"Cinema City", "leisure"}, {"Riverwalk Café", "leisure"}, {"School of Music", "education"}, {"Gulf Motor Cover", "insurance"},
	}
)

// populate makes up people with a year of transactions, entered through the API as an application
// would, and returns their ids. The same seed makes the same people.
func (d *demo) populate(ctx context.Context, c *client.Client, people int) ([]string, error) {
	random := rand.New(rand.NewPCG(45, 2021))
	bar := d.progress(people, "   making people up")
	ids := make([]string, 0, people)
	for n := range people {
		id, err := d.person(ctx, c, random, n)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
		_ = bar.Add(1)
	}
	_ = bar.Finish()
	return ids, nil
}

// progress is a bar on a terminal and nothing elsewhere.
func (d *demo) progress(total int, what string) *progressbar.ProgressBar {
	out := io.Discard
	if d.Colour {
		out = os.Stderr
	}
	return progressbar.NewOptions(total, progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(out),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
}

func (d *demo) person(ctx context.Context, c *client.Client, random *rand.Rand, n int) (string, error) {
	id, err := c.CreateSubject(ctx, demoTenant)
	if err != nil {
		return "", err
	}
	name := demoNames[random.IntN(len(demoNames))]
	at := client.Target{Tenant: demoTenant, Subject: id, DataSet: "identity", Purpose: "account"}
	if _, err := c.Create(ctx, at, map[string]any{"first_name": name, "email": fmt.Sprintf("%s.%d@example.com", name, n)}); err != nil {
		return "", err
	}
	year, err := d.year(random, id)
	if err != nil {
		return "", err
	}
	for len(year) > 0 {
		some := min(len(year), 200)
		if _, err := c.Batch(ctx, demoTenant, "budgeting", year[:some]); err != nil {
			return "", err
		}
		year = year[some:]
	}
	return id, nil
}

// year is a person's transactions of the last twelve months: a salary, a rent, and what is bought.
func (d *demo) year(random *rand.Rand, id string) ([]api.Operation, error) {
	salary := 8000 + 500*random.IntN(40)
	var all []api.Operation
	add := func(day time.Time, amount int, direction, category, merchant string) error {
		fields, err := client.Encode(map[string]any{
			"date": day.Format(time.DateOnly), "amount": fmt.Sprintf("%d.%02d AED", amount, random.IntN(100)),
			"direction": direction, "category": category, "merchant": merchant,
		})
		all = append(all, api.Operation{Action: "put", Subject: id, DataSet: "transactions", Fields: fields})
		return err
	}
	today := d.Now().UTC()
	for month := range 12 {
		first := time.Date(today.Year(), today.Month()-time.Month(month), 1, 0, 0, 0, 0, time.UTC)
		if err := add(first, salary, "income", "salary", "Employer"); err != nil {
			return nil, err
		}
		if err := add(first.AddDate(0, 0, 1), salary/3, "expense", "housing", "Landlord"); err != nil {
			return nil, err
		}
		for range 3 + random.IntN(5) {
			m := demoMerchants[random.IntN(len(demoMerchants))]
			if err := add(first.AddDate(0, 0, random.IntN(28)), 20+random.IntN(400), "expense", m.category, m.name); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}
