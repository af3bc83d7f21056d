package bench

// benchmarks are in the order in which `all` runs them.
var benchmarks = []benchmark{
	{name: "append", usual: 2000, run: durable},
	{name: "project", usual: 100_000, run: project},
	{name: "ingest", usual: 60_000, run: ingest},
	{name: "crowd", usual: 300, run: crowd},
	{name: "exchange", usual: 300, run: carried},
	{name: "start", usual: 5000, run: start},
	{name: "unlock", usual: 7, run: unlockCost},
	{name: "pages", usual: 200, run: pages},
	{name: "people", usual: 1_000_000, run: multitude},
	{name: "linkage", usual: 100_000, run: samePerson},
	{name: "find", usual: 10_000, run: sought},
	{name: "link", usual: 600, run: siteDay},
	{name: "nothing", usual: 100, run: nothingNew},
	{name: "first", usual: 129_000, run: firstTime},
	{name: "dictionary", usual: 300, run: dictionary, hidden: true},
}
