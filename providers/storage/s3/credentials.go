package s3

import (
	"net"
	"net/http"
	"os"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// loginError says that there are no credentials to try.
type loginError struct{ what, cure string }

func (e *loginError) Error() string { return e.what }

const cureNone = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --" + settingProfile

// source is one place to find credentials in. A nil error with an empty key
// means that there is nothing there.
type source func(cc *credentials.CredContext) (credentials.Value, credentials.Provider, error)

// chain tries sources in turn. Unlike the library's it never goes on without
// credentials, and says what is wrong with those it found.
type chain struct {
	sources []source
	current credentials.Provider
}

// newCredentials looks where the AWS programs look, in their order: the
// environment, the profile, a web identity or container, and last the
// metadata service of a rented machine. A profile that was asked for by flag
// comes alone.
func newCredentials(v settings, tuning tuning) *credentials.Credentials {
	named := v.profile != ""
	c := &chain{}
	if !named || v.profile == os.Getenv("AWS_PROFILE") {
		c.sources = append(c.sources, fromEnvironment)
	}
	c.sources = append(c.sources, fromProfile(v.profile, v.region))
	if !named {
		c.sources = append(c.sources, fromContainer, fromMachine(tuning.metadata))
	}
	return credentials.New(c)
}

// RetrieveWithCredContext implements [credentials.Provider].
func (c *chain) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	for _, from := range c.sources {
		v, p, err := from(cc)
		if err != nil {
			return credentials.Value{}, err
		}
		if v.AccessKeyID != "" && v.SecretAccessKey != "" {
			c.current = p
			return v, nil
		}
	}
	return credentials.Value{}, &loginError{"no credentials for S3 were found", cureNone}
}

// Retrieve implements [credentials.Provider].
func (c *chain) Retrieve() (credentials.Value, error) { return c.RetrieveWithCredContext(nil) }

// IsExpired implements [credentials.Provider].
func (c *chain) IsExpired() bool { return c.current == nil || c.current.IsExpired() }

func fromEnvironment(*credentials.CredContext) (credentials.Value, credentials.Provider, error) {
	v := credentials.Value{
		AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
		SignerType:      credentials.SignatureV4,
	}
	if (v.AccessKeyID == "") != (v.SecretAccessKey == "") {
		return v, nil, &loginError{"only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set", "set both"}
	}
	return v, &credentials.Static{Value: v}, nil
}

// fromContainer is for what an orchestrator put into the environment: a web
// identity, or a container's own endpoint.
func fromContainer(cc *credentials.CredContext) (credentials.Value, credentials.Provider, error) {
	if os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") == "" && os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") == "" &&
		os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI") == "" {
		return credentials.Value{}, nil, nil
	}
	p := &credentials.IAM{}
	v, err := p.RetrieveWithCredContext(cc)
	if err != nil {
		return v, nil, &loginError{"no credentials for this container or web identity: " + clean(err.Error()), cureNone}
	}
	return v, p, nil
}

// fromMachine asks the metadata service, which exists on rented machines
// alone: elsewhere its address leads nowhere, so the wait is short, and no
// proxy is asked.
func fromMachine(patience time.Duration) source {
	return func(cc *credentials.CredContext) (credentials.Value, credentials.Provider, error) {
		if os.Getenv("AWS_EC2_METADATA_DISABLED") == "true" {
			return credentials.Value{}, nil, nil
		}
		p := &credentials.IAM{Client: &http.Client{
			Timeout:   patience,
			Transport: &http.Transport{DialContext: (&net.Dialer{Timeout: patience / 2}).DialContext, DisableKeepAlives: true},
		}, Endpoint: os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")}
		v, err := p.RetrieveWithCredContext(cc)
		if err != nil {
			return credentials.Value{}, nil, contextError(cc)
		}
		return v, p, nil
	}
}

// contextError tells the end of a context from a service that is not there.
func contextError(cc *credentials.CredContext) error {
	if cc == nil || cc.Context == nil {
		return nil
	}
	return cc.Context.Err()
}
