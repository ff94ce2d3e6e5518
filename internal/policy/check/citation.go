package check

func citationRules() []Rule { return nil }
