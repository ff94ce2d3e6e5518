package check

func wordingRules() []Rule { return nil }
