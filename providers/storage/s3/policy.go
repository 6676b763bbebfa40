package s3

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"chatkeep/providers/storage"
)

// The forms of a policy.
const (
	formAWS    = "aws"    // of an IAM user or role
	formMinIO  = "minio"  // of a user of MinIO's, or of a server that takes the same
	formBucket = "bucket" // of a bucket, for a principal
)

// policy is a document in Amazon's grammar:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid       string
	Effect    string
	Principal *principal `json:",omitempty"`
	Action    []string
	Resource  []string
	Condition map[string]map[string]any `json:",omitempty"`
}

type principal struct{ AWS string }

// sidDelete is the statement about deletes.
const sidDelete = "Delete"

// policyVersion is the newest of the grammar.
const policyVersion = "2012-10-17"

// policyOf implements Provider.Policy.
func policyOf(location storage.Location, grant storage.Grant) (storage.Policy, error) {
	v, err := settingsOf(location)
	var p place
	var form string
	if err == nil {
		p, form, err = policyPlace(location.Text, v, grant)
	}
	if err != nil {
		failed := &storage.Error{Op: "policy", Place: storage.Redact(location.Text), Err: err}
		var odd *unusable
		if errors.As(err, &odd) {
			failed.Cure = odd.cure
		}
		return storage.Policy{}, failed
	}
	partition := partitionOf(v.region)
	if form == formMinIO {
		partition = partitionOf("")
	}
	w := policyWriter{arn: "arn:" + partition + ":s3:::" + p.bucket, prefix: escapeVariable(p.prefix), form: form, principal: grant.Principal, retain: v.retention}
	text, err := w.text(grant.Rights)
	return storage.Policy{Form: form, Text: text}, err
}

func policyPlace(text string, v settings, grant storage.Grant) (p place, form string, err error) {
	if p, err = parse(text, v.endpoint); err != nil {
		return p, "", err
	}
	form = grant.Form
	if form == "" && isAmazon(p.host) {
		form = formAWS
	} else if form == "" {
		form = formMinIO
	}
	switch form {
	case formAWS, formMinIO:
		if grant.Principal != "" {
			return p, form, &unusable{"a policy of form " + form + " names no principal", "it is attached to whom it is for; --form bucket names one"}
		}
	case formBucket:
		if !validPrincipal.MatchString(grant.Principal) {
			return p, form, &unusable{"a policy of a bucket says whom it is for", "--principal takes an ARN, as arn:aws:iam::123456789012:user/backup, or an account of 12 digits"}
		}
	default:
		return p, form, &unusable{clean(form) + " is no form of a policy", "aws, minio and bucket are"}
	}
	return p, form, nil
}

// validPrincipal leaves "*" out, which is everybody.
var validPrincipal = regexp.MustCompile(`^(arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:[A-Za-z0-9+=,.@_/-]+|[0-9]{12})$`)

func isAmazon(host string) bool {
	return host == amazon || strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn")
}

// partitionOf is the part of Amazon's cloud that a region belongs to:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// escapeVariable keeps a dollar in a prefix from being taken for a variable of the
// grammar. Stars and question marks are in none, see place.check.
func escapeVariable(prefix string) string { return strings.ReplaceAll(prefix, "$", "${$}") }

// policyWriter writes the policy of one place.
type policyWriter struct {
	arn       string // of the bucket
	prefix    string // "" or with a final slash
	form      string
	principal string
	retain    retention // which puts ask for
}

func (w *policyWriter) text(rights []storage.Right) ([]byte, error) {
	doc := policy{Version: policyVersion, Statement: []statement{w.list(), w.region()}}
	retain := w.retain.days > 0
	for _, verb := range []struct {
		sid, action string
		has         func(storage.Right) bool
		condition   map[string]map[string]any
	}{
		{"Get", "s3:GetObject", func(r storage.Right) bool { return r.Get }, nil},
		{"Create", "s3:PutObject", func(r storage.Right) bool { return r.Create }, w.createOnly()},
		{"Retain", "s3:PutObjectRetention", func(r storage.Right) bool { return r.Create && retain }, nil},
		{"Lock", "s3:PutObjectRetention", func(r storage.Right) bool { return r.Lock }, w.noLonger()},
		{"Locked", "s3:GetObjectRetention", func(r storage.Right) bool { return r.Locked && retain || r.Lock }, nil},
		{sidDelete, "s3:DeleteObject", func(r storage.Right) bool { return r.Delete }, nil},
	} {
		var resources []string
		for _, r := range rights {
			if verb.has(r) {
				resources = append(resources, w.arn+"/"+w.prefix+r.Prefix+"*")
			}
		}
		if len(resources) > 0 {
			doc.Statement = append(doc.Statement, w.statement(verb.sid, verb.action, resources, verb.condition))
		}
		if len(resources) > 0 && verb.sid == sidDelete {
			doc.Statement = append(doc.Statement, w.keepVersions())
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(doc)
	return b.Bytes(), err
}

func (w *policyWriter) statement(sid, action string, resources []string, condition map[string]map[string]any) statement {
	s := statement{Sid: sid, Effect: "Allow", Action: []string{action}, Resource: resources, Condition: condition}
	if w.form == formBucket {
		s.Principal = &principal{w.principal}
	}
	return s
}

// list allows to list what is below the prefix.
func (w *policyWriter) list() statement {
	var condition map[string]map[string]any
	if w.prefix != "" {
		condition = map[string]map[string]any{"StringLike": {"s3:prefix": []string{w.prefix + "*"}}}
	}
	return w.statement("List", "s3:ListBucket", []string{w.arn}, condition)
}

// region allows to ask where the bucket is, which the library does where no region
// is set.
func (w *policyWriter) region() statement {
	return w.statement("Region", "s3:GetBucketLocation", []string{w.arn}, nil)
}

// createOnly has the server refuse a put that does not say "if there is none". See
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html.
// MinIO does not know the condition, and refuses a policy that has it.
func (w *policyWriter) createOnly() map[string]map[string]any {
	if w.form == formMinIO {
		return nil
	}
	return map[string]map[string]any{"Null": {"s3:if-none-match": "false"}}
}

// keepVersions forbids to delete for good, in a bucket with versions. MinIO lets whoever
// may delete at all do that; at Amazon it takes a right of its own.
func (w *policyWriter) keepVersions() statement {
	s := w.statement("KeepVersions", "s3:DeleteObjectVersion", []string{w.arn + "/" + w.prefix + "*"}, nil)
	s.Effect = "Deny"
	return s
}

// noLonger bounds for how long somebody may lock what is there: who steals the
// credentials could else have everything kept, and paid for, for a hundred years. It is
// a day more than what is asked for, since a server counts one that has begun. See
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html. MinIO
// knows the condition, but not of puts.
func (w *policyWriter) noLonger() map[string]map[string]any {
	if w.retain.days == 0 {
		return nil
	}
	return map[string]map[string]any{"NumericLessThanEquals": {"s3:object-lock-remaining-retention-days": strconv.Itoa(w.retain.days + 1)}}
}
