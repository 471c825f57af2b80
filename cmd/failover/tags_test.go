package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"unishop-pilot-light/internal/config"
)

// deployedWith is a CloudFormation that has one stack: an empty template, and tags.
func deployedWith(t *testing.T, tags string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action, answer := r.FormValue("Action"), "<TemplateBody>{}</TemplateBody>"
		if action == "DescribeStacks" {
			answer = "<Stacks><member><StackName>unishop-secondary</StackName><CreationTime>2026-01-31T02:00:00Z</CreationTime>" +
				"<StackStatus>CREATE_COMPLETE</StackStatus><Tags>" + tags + "</Tags></member></Stacks>"
		}
		_, _ = fmt.Fprintf(w, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", action, answer)
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"} {
		t.Setenv(name, value)
	}
}

// Other tags would change IAM roles, whose control plane the outage may have taken along.
func TestOtherTagsStopAFailover(t *testing.T) {
	in(t, strings.Replace(cdkJSON, `"name"`, `"tags": {"owner": "shop-team"}, "name"`, 1))
	f, err := newFailover(config.Secondary, nil)
	require.NoError(t, err)
	t.Cleanup(f.cleanUp)
	require.NoError(t, os.WriteFile(filepath.Join(f.assembly, "unishop-secondary.template.json"), []byte("{}"), 0o600))

	deployedWith(t, "<member><Key>owner</Key><Value>shop-team</Value></member>")
	require.NoError(t, f.compare(t.Context()))
	deployedWith(t, "<member><Key>owner</Key><Value>another-team</Value></member>")
	require.ErrorContains(t, f.compare(t.Context()), `the tag "owner" of every resource: "another-team" is deployed, and "shop-team" is wanted`)
	deployedWith(t, "")
	require.ErrorContains(t, f.compare(t.Context()), `the tag "owner" of every resource: "" is deployed`)
}
