package s3

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"gopkg.in/ini.v1"
)

// profile is a section of the configuration files that the AWS programs
// share: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
type profile map[string]string

const defaultProfile = "default"

// readProfile merges what both files say of a profile. The library reads the
// keys; this is for roles and the region, which it does not look at.
func readProfile(name string) (profile, bool) {
	home, _ := os.UserHomeDir()
	p := profile{}
	found := false
	for _, file := range []struct{ env, name, section string }{
		{"AWS_CONFIG_FILE", "config", "profile " + name},
		{"AWS_SHARED_CREDENTIALS_FILE", "credentials", name},
	} {
		path := os.Getenv(file.env)
		if path == "" {
			path = filepath.Join(home, ".aws", file.name)
		}
		parsed, err := ini.Load(path)
		if err != nil {
			continue
		}
		section, err := parsed.GetSection(file.section)
		if err != nil && name == defaultProfile {
			section, err = parsed.GetSection(name)
		}
		if err != nil {
			continue
		}
		found = true
		for _, key := range section.Keys() {
			p[key.Name()] = key.String()
		}
	}
	return p, found
}

// fromProfile takes credentials from a profile, "" for the default one, which
// may be missing.
func fromProfile(name, region string) source {
	return func(cc *credentials.CredContext) (credentials.Value, credentials.Provider, error) {
		named := name != ""
		if !named {
			name = defaultProfile
		}
		p, found := readProfile(name)
		if !found && named {
			return credentials.Value{}, nil, &loginError{"there is no profile " + clean(name) + " in the AWS configuration files", cureNone}
		}
		if !found {
			return credentials.Value{}, nil, nil
		}
		provider, err := p.provider(name, region, cc)
		if err != nil {
			return credentials.Value{}, nil, profileError(name, err)
		}
		v, err := provider.RetrieveWithCredContext(cc)
		if err != nil {
			return credentials.Value{}, nil, profileError(name, err)
		}
		if named && v.AccessKeyID == "" {
			return credentials.Value{}, nil, profileError(name, errors.New("it holds none"))
		}
		return v, provider, nil
	}
}

func profileError(name string, err error) error {
	return &loginError{"no credentials from the AWS profile " + clean(name) + ": " + clean(err.Error()), "check the profile, or log in anew"}
}

// provider chooses how a profile gives credentials: keys, single sign-on and
// programs are the library's, and a role is taken on with those of another
// profile.
func (p profile) provider(name, region string, cc *credentials.CredContext) (credentials.Provider, error) {
	if p["role_arn"] == "" || p["aws_access_key_id"] != "" {
		return &credentials.FileAWSCredentials{Profile: name}, nil
	}
	if region == "" {
		region = p["region"]
	}
	if p["web_identity_token_file"] != "" {
		return p.webIdentity(region), nil
	}
	if p["mfa_serial"] != "" {
		return nil, errors.New("roles that ask for a one-time code do not suit unattended backups")
	}
	base, err := p.base(cc)
	if err != nil {
		return nil, err
	}
	return &credentials.STSAssumeRole{STSEndpoint: stsEndpoint(region), Options: credentials.STSAssumeRoleOptions{
		AccessKey: base.AccessKeyID, SecretKey: base.SecretAccessKey, SessionToken: base.SessionToken,
		Location: stsRegion(region), RoleARN: p["role_arn"], RoleSessionName: p.session(), ExternalID: p["external_id"],
	}}, nil
}

// base gives the credentials with which the role is taken on.
func (p profile) base(cc *credentials.CredContext) (credentials.Value, error) {
	switch {
	case p["source_profile"] != "":
		return (&credentials.FileAWSCredentials{Profile: p["source_profile"]}).RetrieveWithCredContext(cc)
	case p["credential_source"] == "Environment":
		v, _, err := fromEnvironment(cc)
		return v, err
	case p["credential_source"] != "":
		return (&credentials.IAM{}).RetrieveWithCredContext(cc)
	}
	return credentials.Value{}, errors.New("a role without source_profile")
}

func (p profile) webIdentity(region string) credentials.Provider {
	file := p["web_identity_token_file"]
	return &credentials.STSWebIdentity{
		STSEndpoint: stsEndpoint(region),
		RoleARN:     p["role_arn"],
		GetWebIDTokenExpiry: func() (*credentials.WebIdentityToken, error) {
			token, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			return &credentials.WebIdentityToken{Token: strings.TrimSpace(string(token))}, nil
		},
	}
}

func (p profile) session() string {
	if name := p["role_session_name"]; name != "" {
		return name
	}
	return "chatkeep"
}

func stsRegion(region string) string {
	if region == "" {
		return "us-east-1"
	}
	return region
}

// stsEndpoint is https://docs.aws.amazon.com/general/latest/gr/sts.html.
func stsEndpoint(region string) string {
	if url := os.Getenv("AWS_ENDPOINT_URL_STS"); url != "" {
		return url
	}
	region = stsRegion(region)
	if strings.HasPrefix(region, "cn-") {
		return "https://sts." + region + ".amazonaws.com.cn"
	}
	return "https://sts." + region + ".amazonaws.com"
}
