package world

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAWebsiteIsServedAsS3DoesIt(t *testing.T) {
	s := newSystem(t)
	s.do(west, "site", "shop.example")
	home := siteURL("shop.example", west)
	expect := func(status int, text, address string) {
		t.Helper()
		got, body := s.get(address)
		assert.Equal(t, status, got, body)
		assert.Contains(t, body, text)
	}
	expect(404, "Code: NoSuchKey", home+"/")
	s.do(west, "put", "shop.example", "index.html", "<p>shop</p>", "text/html; charset=utf-8")
	s.do(west, "put", "shop.example", "a b/index.html", "<p>folder</p>", "text/html")
	s.do(west, "put", "shop.example", "config.json", "{}", "application/json")
	expect(200, "<p>shop</p>", home+"/")
	expect(200, "<p>shop</p>", "http://shop.example.s3-website."+west+".amazonaws.com/index.html")
	expect(200, "<p>folder</p>", home+"/a%20b/")
	expect(302, "", home+"/a%20b")
	expect(404, "Code: NoSuchKey", home+"/missing")
	expect(404, "Code: IncorrectEndpoint", siteURL("shop.example", east)+"/")
	expect(404, "Code: NoSuchBucket", siteURL("missing", west)+"/")

	response := s.request(http.MethodHead, home+"/config.json", "")
	assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
	assert.Equal(t, "no-cache", response.Header.Get("Cache-Control"))
	assert.EqualValues(t, 2, response.ContentLength)
	assert.Equal(t, 304, s.request(http.MethodGet, home+"/config.json", response.Header.Get("ETag")).StatusCode)
	assert.Equal(t, 405, s.request(http.MethodPost, home+"/", "").StatusCode)

	s.do(west, "block", "shop.example", "true")
	expect(403, "Code: AccessDenied", home+"/")
	expect(403, "Code: AccessDenied", home+"/missing")
	s.do(west, "block", "shop.example", "false")
	expect(200, "<p>shop</p>", home+"/")
	s.do(west, "drop_policy", "shop.example")
	expect(403, "Code: AccessDenied", home+"/")

	require.NoError(t, s.world.TakeDown(west))
	expect(0, "EOF", home+"/")
	require.NoError(t, s.world.BringBack(t.Context(), west))
	expect(403, "Code: AccessDenied", home+"/")
	expect(0, "EOF", "http://ec2-1-2-3-4.us-west-1.compute.amazonaws.com/")
}

func (s *system) request(method, address, etag string) *http.Response {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, address, nil)
	require.NoError(s.t, err)
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	response, err := s.browser.Do(request)
	require.NoError(s.t, err)
	require.NoError(s.t, response.Body.Close())
	return response
}

func TestOnlyAPolicyThatAllowsEverybodyIsPublic(t *testing.T) {
	const allow = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`
	for policy, public := range map[string]bool{
		`{"Statement":[` + allow + `]}`: true,
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":["1","*"]},"Action":["s3:*"],"Resource":["arn:aws:s3:::b/*"]}]}`:                                           true,
		`{"Statement":[` + allow + `,{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}]}`:                                                false,
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`:                           false,
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}]}`:                                                     false,
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::other/*"}]}`:                                                 false,
		`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}`: false,
		`{"Statement":[]}`: false,
		`nonsense`:         false,
	} {
		assert.Equal(t, public, readableByAll([]byte(policy), "arn:aws:s3:::b/*"), policy)
	}
}
