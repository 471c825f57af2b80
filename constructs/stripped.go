package constructs

import (
	"regexp"
	"strings"
)

var (
	docstring = regexp.MustCompile(`(?ms)^ *""".*?""" *\n`)
	comment   = regexp.MustCompile(`(?m)^ *#.*\n|  # noqa: .*$`)
	// What these imports name stands in front.
	ofRuntime   = regexp.MustCompile(`(?m)^from runtime import (?:\([^)]*\)|.*)\n`)
	blankLines  = regexp.MustCompile(`\n{2,}`)
	indentation = regexp.MustCompile(`(?m)^( {4})+`)
	// A line that ends, or goes on, inside brackets.
	broken = regexp.MustCompile(`([(\[{,])\n *|\n *([)\]}])`)
	// A string, or an operator with its spaces.
	token = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'| *(?:[:=!<>|+]=|[=<>,:+|]) *`)
)

// stripped is a source without what only its readers need.
func stripped(file string) string {
	source, err := sources.ReadFile("functions/" + file)
	if err != nil {
		panic(err)
	}
	text := comment.ReplaceAllString(docstring.ReplaceAllString(ofRuntime.ReplaceAllString(string(source), ""), ""), "")
	text = blankLines.ReplaceAllString(text, "\n")
	text = token.ReplaceAllStringFunc(whole(broken.ReplaceAllString(text, "$1$2")), shortest)
	text = indentation.ReplaceAllStringFunc(text, func(spaces string) string { return spaces[:len(spaces)/4] })
	return packed(text)
}

// shortest form of a token in JSON, which has to escape double quotes.
func shortest(token string) string {
	if token[0] == '"' && !strings.ContainsAny(token, `'\`) {
		return "'" + token[1:len(token)-1] + "'"
	}
	return strings.Trim(token, " ")
}

// aString is what no bracket counts in.
var aString = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'`)

// whole joins the lines of a statement that still goes on inside brackets.
func whole(source string) string {
	var out strings.Builder
	open := 0
	for i, line := range strings.Split(source, "\n") {
		switch {
		case i > 0 && open > 0:
			line = strings.TrimLeft(line, " ")
			out.WriteString(" ")
		case i > 0:
			out.WriteString("\n")
		}
		out.WriteString(line)
		code := aString.ReplaceAllString(line, "")
		open += strings.Count(code, "(") + strings.Count(code, "[") + strings.Count(code, "{") -
			strings.Count(code, ")") - strings.Count(code, "]") - strings.Count(code, "}")
	}
	return out.String()
}

// compound is what begins a statement that holds others.
var compound = regexp.MustCompile(`^(@|(async|class|def|elif|else|except|finally|for|if|try|while|with)\b)`)

// packed writes the simple statements of a block, whose indentation is one space a level, on one line, and behind what
// begins the block when it holds nothing else. A newline and its indentation take two bytes and more in JSON.
func packed(source string) string {
	var lines []string
	for _, line := range strings.Split(source, "\n") {
		lines = append(lines, line)
		for len(lines) > 1 && !compound.MatchString(strings.TrimLeft(lines[len(lines)-1], " ")) {
			before, last := lines[len(lines)-2], lines[len(lines)-1]
			if last == "" || before == "" || level(before) != level(last) || compound.MatchString(strings.TrimLeft(before, " ")) {
				break
			}
			lines = append(lines[:len(lines)-2], before+";"+strings.TrimLeft(last, " "))
		}
	}
	return strings.Join(opened(lines), "\n")
}

// opened puts the one line of a block behind what begins it.
func opened(lines []string) (out []string) {
	for i, line := range lines {
		last := len(out) - 1
		alone := i+1 == len(lines) || level(lines[i+1]) < level(line)
		if last >= 0 && alone && strings.HasSuffix(out[last], ":") && level(out[last])+1 == level(line) &&
			!compound.MatchString(strings.TrimLeft(line, " ")) {
			out[last] += strings.TrimLeft(line, " ")
			continue
		}
		out = append(out, line)
	}
	return out
}

func level(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
