package plist

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// document reads the XML form.
type document struct {
	budget
	*xml.Decoder
}

func parseXML(data []byte) (any, error) {
	d := &document{Decoder: xml.NewDecoder(bytes.NewReader(data))}
	start, err := d.next()
	if err != nil || start == nil || start.Name.Local != "plist" {
		return nil, d.wrong()
	}
	if start, err = d.next(); err != nil || start == nil {
		return nil, d.wrong()
	}
	return d.read(start)
}

func (d *document) wrong() error { return fmt.Errorf("%w: byte %d", errNone, d.InputOffset()) }

// next finds the beginning of the next element, or nil where one ends.
func (d *document) next() (*xml.StartElement, error) {
	for {
		t, err := d.Token()
		if err != nil {
			return nil, d.wrong()
		}
		switch t := t.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		}
	}
}

// read reads an element up to its end.
func (d *document) read(start *xml.StartElement) (any, error) {
	if err := d.value(); err != nil {
		return nil, err
	}
	switch start.Name.Local {
	case "array":
		return d.array()
	case "dict":
		return d.dictionary()
	}
	text, err := d.text()
	if err != nil {
		return nil, err
	}
	v, err := scalar(start.Name.Local, text)
	if err != nil {
		return nil, d.wrong()
	}
	return v, nil
}

// scalar is the value that an element's text says.
func scalar(element, text string) (any, error) {
	switch element {
	case "true", "false":
		return element == "true", nil
	case "string":
		return text, nil
	case "integer":
		return strconv.ParseInt(strings.TrimSpace(text), 0, 64)
	case "real":
		return strconv.ParseFloat(strings.TrimSpace(text), 64)
	case "date":
		return time.Parse(time.RFC3339, strings.TrimSpace(text))
	case "data":
		return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	}
	return nil, errNone
}

// text is what an element without others in it says.
func (d *document) text() (string, error) {
	var b strings.Builder
	for {
		t, err := d.Token()
		if err != nil {
			return "", d.wrong()
		}
		switch t := t.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			return b.String(), nil
		case xml.StartElement:
			return "", d.wrong()
		}
	}
}

func (d *document) array() (any, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	list := []any{}
	for {
		start, err := d.next()
		if err != nil || start == nil {
			return list, err
		}
		v, err := d.read(start)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

// dictionary reads keys and values in turn.
func (d *document) dictionary() (any, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	m := map[string]any{}
	for {
		start, err := d.next()
		if err != nil || start == nil {
			return m, err
		}
		key, err := d.text()
		if err != nil || start.Name.Local != "key" {
			return nil, d.wrong()
		}
		if start, err = d.next(); err != nil || start == nil {
			return nil, d.wrong()
		}
		if m[key], err = d.read(start); err != nil {
			return nil, err
		}
	}
}
