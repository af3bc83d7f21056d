// Command record stands between a device and a relay and writes down one question and its answer, byte by byte:
//
//	go run ./cmd/amparo/testdata/golden/record http://127.0.0.1:8461 FOLDER
//
// It prints its own address, answers one exchange after the other and writes each into FOLDER as N.question and N.answer.
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
)

func main() {
	relay, folder := os.Args[1], os.Args[2]
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", l.Addr())
	var n atomic.Int64
	log.Fatal(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		question, err := io.ReadAll(r.Body)
		if err != nil {
			log.Fatal(err)
		}
		response, err := http.Post(relay+r.URL.Path, r.Header.Get("Content-Type"), bytes.NewReader(question))
		if err != nil {
			log.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			log.Fatal(err)
		}
		i := n.Add(1)
		for name, data := range map[string][]byte{"question": question, "answer": answer} {
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.%s", i, name)), data, 0o600); err != nil {
				log.Fatal(err)
			}
		}
		w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
		w.WriteHeader(response.StatusCode)
		w.Write(answer)
	})))
}
