package bench

// benchmarks are in the order in which `all` runs them.
var benchmarks = []benchmark{}
