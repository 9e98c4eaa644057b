package sms

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// decode reads one JSON value into v and nothing after it.
func decode(data []byte, v any) error {
	if err := unambiguous(data); err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// maxDepth is more than any body of the protocol needs.
const maxDepth = 16

// level is an object or an array that is being read.
type level struct {
	names map[string]bool // of the members so far; nil: an array
	value bool            // the next token is a member's value
}

// unambiguous refuses an object that names a member twice. encoding/json takes the last one, and
// takes "Status" for "status": an answer that is both accepted and failed would pass for either.
// What is wrong otherwise is left to encoding/json.
func unambiguous(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var open []level
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:len(open)-1]
			continue
		}
		if n := len(open); n > 0 && open[n-1].names != nil {
			if at := &open[n-1]; at.value {
				at.value = false
			} else {
				name, _ := token.(string)
				name = strings.ToLower(strings.ToUpper(name)) // folds as encoding/json does
				if at.names[name] {
					return errors.New("an object names a member twice")
				}
				at.names[name], at.value = true, true
				continue
			}
		}
		switch token {
		case json.Delim('{'):
			open = append(open, level{names: map[string]bool{}})
		case json.Delim('['):
			open = append(open, level{})
		}
		if len(open) > maxDepth {
			return errors.New("nested too deep")
		}
	}
}
