package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxTags leaves room for the tag Name of networks and instances: resources, like stacks, take 50.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
const maxTags = 49

// What every service of ours takes in a key and in a value; CloudFormation passes them on as they are.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Tag.html
const tagCharacters = "letters, digits, spaces and _ . : / = + - @, without a space at either end"

var aTagText = regexp.MustCompile(`^[\p{L}\p{N}_.:/=+\-@]([\p{L}\p{Z}\p{N}_.:/=+\-@]*[\p{L}\p{N}_.:/=+\-@])?$`)

func isTagText(text string, longest int) bool {
	return aTagText.MatchString(text) && utf8.RuneCountInString(text) <= longest
}

// tags are a JSON object in cdk.json, or "owner=team,environment=prod" on the command line: no key or value has a comma.
func (p *parser) tags() map[string]string {
	found := map[string]string{}
	for key, value := range p.tagPairs() {
		text, isText := value.(string)
		if !isTagText(key, 128) || strings.HasPrefix(strings.ToLower(key), "aws:") {
			p.mistake("tags: the key %q is not allowed: use 1 to 128 %s, not beginning with aws:", key, tagCharacters)
		}
		if !isText || !isTagText(text, 256) {
			p.mistake("tags: the value of %q, %s, is not allowed: use 1 to 256 %s", key, quote(value), tagCharacters)
		}
		found[key] = text
	}
	if len(found) > maxTags {
		p.mistake("tags: %d are too many: use %d at most", len(found), maxTags)
	}
	p.compareTags(found)
	return found
}

func (p *parser) tagPairs() map[string]any {
	pairs := map[string]any{}
	switch value := p.context["tags"].(type) {
	case nil:
	case map[string]any:
		return value
	case string:
		for _, pair := range strings.Split(value, ",") {
			key, text, found := strings.Cut(pair, "=")
			if _, twice := pairs[key]; twice {
				p.mistake("tags: the key %q is there twice: use it once", key)
			} else if found {
				pairs[key] = text
			} else if value != "" {
				p.mistake("tags: %q is not allowed: use key=value,key=value on the command line, or a JSON object in cdk.json", pair)
			}
		}
	default:
		p.mistake("tags: %s is not allowed: use a JSON object such as {\"owner\": \"shop-team\"}", quote(value))
	}
	return pairs
}

// compareTags: to IAM, keys that differ in capitals only are one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules
func (p *parser) compareTags(tags map[string]string) {
	seen := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if other, known := seen[strings.ToLower(key)]; known {
			p.mistake("tags: the keys %q and %q differ in capitals only: use one of them", other, key)
		}
		seen[strings.ToLower(key)] = key
	}
}
