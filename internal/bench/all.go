package bench

// benchmarks are in the order in which `all` runs them.
var benchmarks = []benchmark{
	{name: "append", usual: 2000, run: durable},
	{name: "project", usual: 100_000, run: project},
	{name: "exchange", usual: 300, run: carried},
	{name: "dictionary", usual: 300, run: dictionary, hidden: true},
}
