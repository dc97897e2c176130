// Checks an exported log with Go's own sumdb packages: crosscheck FOLDER INDEX PROOF.
// Every entry is hashed by tlog.RecordHash and the tree by tlog.StoredHashes; the checkpoint is opened by note.Open.
// An entry without bytes was emptied: its stored hash counts, and has to lead to the signed root like any other.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Println("WRONG:", err)
		os.Exit(1)
	}
}

func checkpoint(signed []byte, verifier note.Verifier) (int64, tlog.Hash) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	var root tlog.Hash
	copy(root[:], raw)
	return size, root
}

func main() {
	folder := os.Args[1]
	key, err := os.ReadFile(filepath.Join(folder, "log.pub"))
	must(err)
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	must(err)
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	must(err)
	size, root := checkpoint(signed, verifier)

	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return hashes, nil
	})
	var leaves []tlog.Hash
	for bundle := int64(0); bundle*256 < size; bundle++ {
		width := size - bundle*256
		if width > 256 {
			width = 256
		}
		// The names of tiles are those of Go's own tiles of height 8, but for the folder in front.
		tile := tlog.Tile{H: 8, L: 0, N: bundle, W: int(width)}
		name := strings.TrimPrefix(tile.Path(), "tile/8/0/")
		content, err := os.ReadFile(filepath.Join(folder, "tile", "entries", name))
		must(err)
		hashes, err := os.ReadFile(filepath.Join(folder, "tile", "0", name))
		must(err)
		for len(content) > 0 {
			length := int(binary.BigEndian.Uint16(content))
			entry := content[2 : 2+length]
			content = content[2+length:]
			leaf := tlog.RecordHash(entry)
			if length == 0 {
				copy(leaf[:], hashes[32*(int64(len(leaves))-256*bundle):])
			}
			completed, err := tlog.StoredHashesForRecordHash(int64(len(leaves)), leaf, read)
			must(err)
			stored = append(stored, completed...)
			leaves = append(leaves, leaf)
		}
		for at, leaf := range leaves[bundle*256:] {
			if string(hashes[at*32:at*32+32]) != string(leaf[:]) {
				must(fmt.Errorf("entry %d is not what was logged", bundle*256+int64(at)))
			}
		}
	}
	computed, err := tlog.TreeHash(size, read)
	must(err)
	if computed != root || int64(len(leaves)) != size {
		must(fmt.Errorf("another tree than the one that was signed"))
	}

	index, err := strconv.ParseInt(os.Args[2], 10, 64)
	must(err)
	proof, err := os.ReadFile(os.Args[3])
	must(err)
	head, rest, _ := strings.Cut(string(proof), "\n\n")
	proofSize, proofRoot := checkpoint([]byte(rest), verifier)
	var path tlog.RecordProof
	for _, line := range strings.Split(head, "\n")[2:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		must(err)
		var hash tlog.Hash
		copy(hash[:], raw)
		path = append(path, hash)
	}
	must(tlog.CheckRecord(path, proofSize, proofRoot, index, leaves[index]))
	fmt.Printf("whole: %d entries, entry %d proved\n", size, index)
}
