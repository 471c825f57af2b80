package world

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// sites does what the website endpoints of S3 do, over the emulator's S3, which lacks them.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
type sites struct {
	endpoint func() string // of the emulator
	client   http.Client
}

func newSites(endpoint func() string) *sites {
	return &sites{endpoint: endpoint, client: http.Client{Transport: &http.Transport{}}} // not by a proxy from the environment
}

// Some regions have a dash where others have a dot; for the bucket both are the same.
var websiteName = regexp.MustCompile(`^(.+)\.s3-website[-.]([a-z0-9-]+)\.amazonaws\.com$`)

func website(host string) (bucket, region string, ok bool) {
	if found := websiteName.FindStringSubmatch(host); found != nil {
		return found[1], found[2], true
	}
	return "", "", false
}

// serve answers for a website as an anonymous visitor sees it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/CustomErrorDocSupport.html#s3-http-error-codes
func (s *sites) serve(w http.ResponseWriter, r *http.Request, bucket, region string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		fail(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
		return
	}
	suffix, problem := s.index(r.Context(), bucket, region)
	if problem != nil {
		problem.answer(w)
		return
	}
	if !s.public(r.Context(), bucket) {
		fail(w, http.StatusForbidden, "AccessDenied", "Access Denied")
		return
	}
	key := strings.TrimPrefix(r.URL.Path, "/")
	if key == "" || strings.HasSuffix(key, "/") {
		key += suffix
	}
	s.object(w, r, bucket, key, suffix)
}

// object answers with an object; a folder that is named without its slash is a redirect to it.
func (s *sites) object(w http.ResponseWriter, r *http.Request, bucket, key, suffix string) {
	response, err := s.get(r.Context(), bucket, "/"+(&url.URL{Path: key}).EscapedPath())
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		if s.exists(r.Context(), bucket, key+"/"+suffix) {
			w.Header().Set("Location", "/"+key+"/")
			w.WriteHeader(http.StatusFound)
			return
		}
		fail(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	for _, name := range []string{"Cache-Control", "Content-Encoding", "Content-Length", "Content-Type", "ETag", "Last-Modified"} {
		if value := response.Header.Get(name); value != "" {
			w.Header().Set(name, value)
		}
	}
	if etag := response.Header.Get("ETag"); etag != "" && r.Header.Get("If-None-Match") == etag {
		w.Header().Del("Content-Length")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method == http.MethodGet {
		_, _ = io.Copy(w, response.Body)
	}
}

func (s *sites) exists(ctx context.Context, bucket, key string) bool {
	response, err := s.get(ctx, bucket, "/"+(&url.URL{Path: key}).EscapedPath())
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// problem is an error of S3's.
type problem struct {
	status        int
	code, message string
}

func (p problem) answer(w http.ResponseWriter) { fail(w, p.status, p.code, p.message) }

// fail answers as a website endpoint does: by HTML.
func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	title := html.EscapeString(fmt.Sprintf("%d %s", status, http.StatusText(status)))
	_, _ = fmt.Fprintf(w, "<html><head><title>%[1]s</title></head><body><h1>%[1]s</h1><ul><li>Code: %[2]s</li><li>Message: %[3]s</li></ul><hr/></body></html>\n",
		title, html.EscapeString(code), html.EscapeString(message))
}

// index is the name of the bucket's index documents, when it is a website in this region.
func (s *sites) index(ctx context.Context, bucket, region string) (string, *problem) {
	location, err := s.read(ctx, bucket, "?location")
	if err != nil {
		return "", &problem{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist"}
	}
	var where struct {
		Region string `xml:",chardata"`
	}
	if err := xml.Unmarshal(location, &where); err != nil || region != orDefault(strings.TrimSpace(where.Region), "us-east-1") {
		return "", &problem{http.StatusNotFound, "IncorrectEndpoint", "The specified bucket exists in another region. Please direct requests to the specified endpoint."}
	}
	text, err := s.read(ctx, bucket, "?website")
	var configuration struct {
		Suffix string `xml:"IndexDocument>Suffix"`
	}
	if err != nil || xml.Unmarshal(text, &configuration) != nil || configuration.Suffix == "" {
		return "", &problem{http.StatusNotFound, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"}
	}
	return configuration.Suffix, nil
}

func orDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// public says whether everybody may read the bucket's objects: its policy says so, and no block is in front of it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func (s *sites) public(ctx context.Context, bucket string) bool {
	if text, err := s.read(ctx, bucket, "?publicAccessBlock"); err == nil {
		var block struct {
			RestrictPublicBuckets bool
		}
		if xml.Unmarshal(text, &block) != nil || block.RestrictPublicBuckets {
			return false
		}
	}
	text, err := s.read(ctx, bucket, "?policy")
	return err == nil && readableByAll(text, "arn:aws:s3:::"+bucket+"/*")
}

// words of a policy: one, or a list.
type words []string

func (w *words) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(w))
}

// statement of a bucket policy.
type statement struct {
	Effect    string
	Principal principal
	Action    words
	Resource  words
	Condition map[string]any
}

type principal struct{ everybody bool }

func (p *principal) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		p.everybody = one == "*"
		return nil
	}
	var named map[string]words
	err := json.Unmarshal(text, &named)
	p.everybody = slices.Contains(named["AWS"], "*")
	return err
}

// readableByAll reads as much of a policy as this project writes; what it does not understand allows nothing.
func readableByAll(policy []byte, objects string) bool {
	var document struct{ Statement []statement }
	if json.Unmarshal(policy, &document) != nil {
		return false
	}
	allowed := false
	for _, s := range document.Statement {
		concerned := s.Principal.everybody && s.Condition == nil && slices.Contains(s.Resource, objects) &&
			(slices.Contains(s.Action, "s3:GetObject") || slices.Contains(s.Action, "s3:*"))
		if concerned && s.Effect == "Deny" {
			return false
		}
		allowed = allowed || concerned && s.Effect == "Allow"
	}
	return allowed
}

func (s *sites) read(ctx context.Context, bucket, what string) ([]byte, error) {
	response, err := s.get(ctx, bucket, what)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("s3://%s%s: %s", bucket, what, response.Status)
	}
	return io.ReadAll(response.Body)
}

// get asks the emulator, unsigned: such a request is of no region, and the emulator checks no permission.
func (s *sites) get(ctx context.Context, bucket, what string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.endpoint()+"/"+bucket+what, nil)
	if err != nil {
		return nil, err
	}
	return s.client.Do(request)
}
