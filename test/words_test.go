package test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// figurative are the words that AWS's own or plainer ones replace: one word a thing, in prose and in identifiers. Each has
// an example that it must find, and what to write instead.
var figurative = []struct{ words, example, instead string }{
	{`(un)?lit|dark(en|ens|ened|ening)`, "the region is lit", "active, standby, activate, deactivate; published, withdraw"},
	{`dark (site|region|side)s?|(site|sites|region|regions|is|are|stays?|goes) dark`, "assertDarkSite", "standby; empty, withdrawn"},
	{`lights? (the|a|an|up|its) (site|region|shop|primary|secondary)`, "it lights the site", "activate; publish"},
	{`(puts?|putting) (it |them )?to rest`, "us-east-1 is put to rest", "deactivate"},
	{`sells?|sold|selling|sales?`, "an image that has sold", "serves, proven; a purchase, an order"},
	{`(takes?|took|taken|taking) over`, "us-west-1 takes over", "failover to us-west-1; is promoted, publishes, replaces"},
	{`(comes?|came|goes|went|gone|way|sends?|gives?|brings?|brought|everything) home|home again`, "everything comes home", "failback"},
	{`(hand|hands|handed|handing) ?(it |them |the site )?back|hand back`, "by the hand-back", "failback, switchover; published again"},
	{`(go|goes|going|went) down|(region|side|host|(east|west) 1) (that )?(is|was|goes) down`, "us-east-1 goes down", "has an outage"},
	{`planned moves?|(moves?|moved|home) by plan`, "TestAPlannedMove", "switchover"},
	{`(no|some|any)body`, "nobody writes", "no one, someone; or who: an operator, a process"},
	{`tells?|told`, "it tells the drill", "reports, shows, prints, logs, sends, gets; distinguishes"},
	{`hears|heard`, "it was never heard", "received, answered"},
	{`of (its|their|his|her) own`, "a folder of its own", "separate, its own ..."},
	{`the truth`, "the truth moves", "the writer"},
	{`(lost|missing|expected|wanted) are (%\w|\d+)`, "lost are %d writes", `a verb early: "lost %d writes, want ..."`},
}

// plain are the places where such a word stays. Every one must be needed.
var plain = []struct{ files, reason string }{
	{`^LICENSE$`, "a quotation"},
	{`^test/words_test\.go$`, "the list"},
	{`^unishop/src/main/resources/db/migration/`, "a migration that has run never changes"},
	{`^unishop/instance/user-data\.sh$`, "the instance's logical id depends on every byte, and another one replaces the instance"},
}

// Where the words of an identifier begin: TestASiteStays, site_stays, the-site-stays.
var (
	afterAcronym = regexp.MustCompile(`([A-Z])([A-Z][a-z])`)
	atCapital    = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	joined       = regexp.MustCompile(`[-_]`)
	literals     = regexp.MustCompile(`\bast\.BasicLit\b`) // a name of Go's
)

// margin is what precedes the words of a comment's line.
var margin = regexp.MustCompile(`^\s*(//|#|\*)?\s*`)

// finding is a figurative word in a line; empty when there is none.
func finding(line string) string {
	words := afterAcronym.ReplaceAllString(literals.ReplaceAllString(line, ""), "$1 $2")
	words = joined.ReplaceAllString(atCapital.ReplaceAllString(words, "$1 $2"), " ")
	match := anyWord().FindStringSubmatchIndex(words)
	if match == nil {
		return ""
	}
	which := 0
	for match[2*which+2] < 0 {
		which++
	}
	return fmt.Sprintf("%q: say instead: %s", words[match[0]:match[1]], figurative[which].instead)
}

// anyWord has a group for each entry of the list.
var anyWord = sync.OnceValue(func() *regexp.Regexp {
	var all []string
	for _, f := range figurative {
		all = append(all, "("+strings.ReplaceAll(f.words, "(", "(?:")+")")
	}
	return regexp.MustCompile(`(?i)\b(?:` + strings.Join(all, "|") + `)(?:\b|$)`)
})

func TestNoFigurativeWords(t *testing.T) {
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	require.NoError(t, err)
	needed := make([]bool, len(plain))
	for _, name := range strings.Split(strings.TrimRight(string(names), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			continue // deleted, a folder behind a link, or not a text
		}
		for i, found := range findings(name, string(text)) {
			if e := exception(name); e >= 0 {
				needed[e] = true
				break
			}
			if i < 20 {
				t.Error(found)
			}
		}
	}
	for i, e := range plain {
		assert.True(t, needed[i], "nothing needs the exception %s (%s)", e.files, e.reason)
	}
}

// findings of a file, its name included.
func findings(name, text string) (found []string) {
	if f := finding(name); f != "" {
		found = append(found, name+": "+f)
	}
	before, clean := "", false // the line before, and that it has none
	for i, line := range strings.Split(text, "\n") {
		f := finding(line)
		if f == "" && clean { // nor do words that the end of a line divides
			f = finding(before + " " + margin.ReplaceAllString(line, ""))
		}
		if f != "" {
			found = append(found, fmt.Sprintf("%s:%d: %s", name, i+1, f))
		}
		before, clean = line, f == ""
	}
	return found
}

// exception is the index in plain of the one that a file has, or -1.
func exception(name string) int {
	for i, e := range plain {
		if regexp.MustCompile(e.files).MatchString(name) {
			return i
		}
	}
	return -1
}

func TestFigurativeWordsAreFound(t *testing.T) {
	for _, f := range figurative {
		assert.Contains(t, finding("x := "+f.example), f.instead, f.example)
	}
	assert.Len(t, findings("x.go", "// a folder of\n// its own\n"), 1)
	assert.Len(t, findings("x.go", "// nobody\n// writes\n"), 1)
	for _, fine := range []string{
		"the pilot light is active", "btn-outline-dark", "HttpRequest.BodyPublishers.noBody()", "a dark red mane", "encrypted at rest",
		"split", "us-west-1 has an outage", "resold", "its own folder", "the rest of the line", "make drill SCENARIO=story",
	} {
		assert.Empty(t, finding(fine), fine)
	}
}
