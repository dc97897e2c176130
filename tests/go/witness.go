// A witness of another make: C2SP tlog-witness on Go's own sumdb packages. witness NAME SEED PORT LOGKEY.
// It remembers in memory only: a test's witness, nobody's in earnest.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type memory struct {
	sync.Mutex
	size int64
	root tlog.Hash
}

func main() {
	name, seed, port := os.Args[1], os.Args[2], os.Args[3]
	key := ed25519.NewKeyFromSeed([]byte(seed))
	log, err := note.NewVerifier(os.Args[4])
	if err != nil {
		panic(err)
	}
	public := append([]byte{4}, key.Public().(ed25519.PublicKey)...)
	number := sha256.Sum256(append([]byte(name+"\n"), public...))
	known := &memory{}

	http.HandleFunc("/add-checkpoint", func(answer http.ResponseWriter, request *http.Request) {
		known.Lock()
		defer known.Unlock()
		body, _ := io.ReadAll(request.Body)
		head, signed, found := strings.Cut(string(body), "\n\n")
		lines := strings.Split(head, "\n")
		old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
		if !found || err != nil {
			answer.WriteHeader(400)
			return
		}
		opened, err := note.Open([]byte(signed), note.VerifierList(log))
		if err != nil {
			answer.WriteHeader(403)
			return
		}
		text := strings.Split(opened.Text, "\n")
		size, _ := strconv.ParseInt(text[1], 10, 64)
		raw, _ := base64.StdEncoding.DecodeString(text[2])
		var root tlog.Hash
		copy(root[:], raw)
		if old != known.size || (size == known.size && size > 0 && root != known.root) {
			answer.Header().Set("Content-Type", "text/x.tlog.size")
			answer.WriteHeader(409)
			fmt.Fprintf(answer, "%d\n", known.size)
			return
		}
		var proof tlog.TreeProof
		for _, line := range lines[1:] {
			raw, _ := base64.StdEncoding.DecodeString(line)
			var hash tlog.Hash
			copy(hash[:], raw)
			proof = append(proof, hash)
		}
		if old > 0 && old < size && tlog.CheckTree(proof, size, root, old, known.root) != nil {
			answer.WriteHeader(422)
			return
		}
		known.size, known.root = size, root
		moment := time.Now().Unix()
		message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", moment, opened.Text)
		signature := append(number[:4:4], binary.BigEndian.AppendUint64(nil, uint64(moment))...)
		signature = append(signature, ed25519.Sign(key, []byte(message))...)
		fmt.Fprintf(answer, "— %s %s\n", name, base64.StdEncoding.EncodeToString(signature))
	})

	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s+%x+%s %s\n", name, number[:4], base64.StdEncoding.EncodeToString(public), listener.Addr())
	panic(http.Serve(listener, nil))
}
