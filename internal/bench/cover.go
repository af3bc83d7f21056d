package bench

// cover chooses what a dictionary holds: the stretches of the samples whose short strings occur in most samples, each
// string counted once (Liao et al., "Effective Construction of Relative Lempel-Ziv Dictionaries", 2016; the method of
// zstd's own trainer). The best stretches stand last, nearest to what is compressed. The same samples give the same bytes.
func cover(samples [][]byte, size, d, k int) []byte {
	const bits = 22
	counts := make([]uint32, 1<<bits)
	seen := make([]uint32, 1<<bits)
	var all []byte
	for i, s := range samples {
		for j := 0; j+d <= len(s); j++ {
			h := hashOf(s[j:j+d], bits)
			if seen[h] != uint32(i)+1 { // once a sample
				seen[h] = uint32(i) + 1
				counts[h]++
			}
		}
		all = append(all, s...)
	}
	clear(seen)
	out := make([]byte, size)
	left := size
	epochs := max(1, size/k/4)
	length := len(all) / epochs
	for idle := 0; left > 0 && idle < epochs; {
		for e := 0; e < epochs && left > 0; e++ {
			from, to := best(all[e*length:(e+1)*length], counts, seen, d, k, bits)
			if from == to {
				if idle++; idle >= epochs {
					break
				}
				continue
			}
			idle = 0
			stretch := all[e*length+from : e*length+to]
			for j := 0; j+d <= len(stretch); j++ {
				counts[hashOf(stretch[j:j+d], bits)] = 0
			}
			if len(stretch) > left {
				stretch = stretch[len(stretch)-left:]
			}
			left -= copy(out[left-len(stretch):left], stretch)
		}
	}
	return out[left:]
}

// best finds the stretch of k bytes whose strings count most, without the ends that count nothing. from == to: none.
func best(data []byte, counts, in []uint32, d, k, bits int) (from, to int) {
	positions := k - d + 1
	var score, most uint64
	at := -1
	last := len(data) - d + 1
	for end := 0; end < last; end++ {
		h := hashOf(data[end:end+d], bits)
		if in[h]++; in[h] == 1 {
			score += uint64(counts[h])
		}
		if start := end - positions; start >= 0 {
			h := hashOf(data[start:start+d], bits)
			if in[h]--; in[h] == 0 {
				score -= uint64(counts[h])
			}
		}
		if score > most {
			most, at = score, max(0, end-positions+1)
		}
	}
	for start := max(0, last-positions); start < last; start++ {
		in[hashOf(data[start:start+d], bits)] = 0
	}
	if at < 0 {
		return 0, 0
	}
	from, to = len(data), 0
	for j := at; j < min(at+positions, last); j++ {
		if counts[hashOf(data[j:j+d], bits)] > 0 {
			from, to = min(from, j), j+d
		}
	}
	return from, max(from, to)
}

func hashOf(b []byte, bits int) uint32 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return uint32((h ^ h>>32) & (1<<bits - 1))
}
