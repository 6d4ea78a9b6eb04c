// Writes paketo.txt: which versions Masterminds' library, which Paketo's buildpacks
// use, finds in which ranges.
//
//	go mod init table && go get github.com/Masterminds/semver/v3@v3.5.0
//	go run paketo.go > paketo.txt
//
// One range per line as a JSON text, a tab, then `invalid` or the versions in it.
// `go run paketo.go 100000 7` writes more random ranges, from another seed, for a long run.
package main

import (
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

var versions = strings.Fields(`
	0.0.0-alpha 0.0.0 0.0.1 0.0.2-rc.1 0.0.2 0.1.0 0.1.5 0.2.0-0 0.2.0 1.0.0-0 1.0.0-alpha 1.0.0
	1.2.0-alpha 1.2.0 1.2.2 1.2.3-alpha 1.2.3-beta.2 1.2.3-beta.10 1.2.3 1.2.4-rc 1.2.4 1.2.10
	1.3.0-0 1.3.0 1.10.0 2.0.0-0 2.0.0-alpha 2.0.0 2.1.0 2.3.4 3.0.0-rc.1 3.0.0 10.2.0
	v1.2.3 1.2.3+4 1.2.3+10 1.2.3-alpha+4 1.2 2
`)

var releases = strings.Fields(`
	1.2.3 1.2 1 0 0.0 0.0.0 0.0.2 0.2.0 0.2 1.2.x 1.x 1.X.x 1.* 1.2.* v1.2.3 v1.2 v1 1.2.3+4 1.2+build
	01 1.02 1.2.03 2 2.3 2.3.4 3 1.10 10
`)
var prereleases = strings.Fields(`
	1.2.3-alpha 1.2.3-beta.2 1.2.3-0 1.2.3-0a 1.2.3--- 1.2-alpha 1-alpha 1.x-0 1.2.x-alpha 1.2.3-alpha+4
	2.0.0-0 0.0.2-rc.1 1-2 1.2-1.4 v1.2.3-beta.2 3.0-rc.1 0.0.0-0 0.2.0-0
`)
var broken = strings.Fields(`
	1.2.3-01 1.2.3- 1.2.3-a..b 1.2.3+ 1.2.3+a+b 1.2.3+a..b vv1.2 V1 =1 v 1. .1 1..2 1.2. 1a a1 latest 1x xx 1|2
	18446744073709551616 1.18446744073709551616 -1 +1 1.-2 1_2 1.2.3; "1" 1.2.3=4 1<2 a.b.c ~ ^
`)
var operators = []string{"", "", "=", ">", "<", ">=", "<=", "=>", "=<", "~", "^", "> ", ">= ", "= ", "~\t", "^  "}
var brokenOperators = []string{"==", ">>", "<>", "~~", "^^", "!", "=!", "><", "~=", "> =", "! =", "<=>", "&", "||"}

// What the random ranges leave out, because we read much of it differently, is here:
// `!=` with pre-releases, `*` behind operators, `~>`, and four parts.
var rare = []string{
	"", "*", "x", "X", "*.*", "x.x.x", "=*", "~*", ">=*", "<*", "^*", "<=*", ">*", "!=*", "*-0", "*-alpha", ">=*-0", "* 1.2", "1.x.3", "1.*.*",
	"*.1", "x.1.2", "1.x.xx", "x.18446744073709551616", "18446744073709551615", "^18446744073709551615",
	"~>1", "~>1.2", "~>1.2.3", "~> 1.2.3", "~> 1.2", "~> 0.2", "~>0.2.0", "~>1.x", "~>1.2.x", "~>1.2, <1.8", ">=1.2.4, ~>1.2", "~>1.2.3-alpha", "~>0.0.0", "~>0",
	"~0.0.0", "~0.0.0-0", "~0.0.x", "~0.0", "~0", "^0.0.0", "^0.0.0-0", "^0.0.x", "^0.0", "^0", "0.0.0", "=0.0.0",
	"!=1", "!=1.2", "!=1.2.3", "!= 1.x", "!=1.2.x", "!=1.2.3-alpha", ">=1.0.0-0, !=1", ">=1.0.0-0, !=1.2", ">=1.0.0-0, !=1.2.3", "!=1.2.3-alpha, >1.2.2", "!=1-alpha", "!=1.2-alpha",
	"!=1, !=2", ">=1 !=1.2.3 <2", "!=v1.2", "!=1.2.3+4",
	"1.2.3.4", "=1.2.3.4", "1.2.3.4-alpha", "1.2.3.*", "~1.2.3.4", "1.2.3.0", "1.2.3.4.5",
	"1 - 2", "1.2 - 2.3.4", "1.2.3 - 2.3", "1.2.3-alpha - 2", "1 - 2.0.0-alpha", "1  -\t2", " 1 - 2 ", "1 - 2 - 3", "1 - 2 3", "3 1 - 2", "1.2, 1 - 2", "1 - 2, != 1.2", "1 - 2 || 3", "1 - 2||3", "1.2.3 - 2.3.4||3", "1 - 2.3.4||3.0.0", "1 - 1.2.3=4",
	"1 - x", "x - 1", "* - *", "1.x - 2.x", "v1 - v2", "1-2", "1 -2", "1- 2", "1 -", "- 2", "-", ">1 - 2", "1 - >2", "3 - 1", "0 - 0", "1+b - 2+b",
	"||", "1||", "||1", "1 || ", "1||2", "1 | 2", "1|2", "1 || 2 || 3", "1 || || 2", "|||", ",", "1,", ",1", "1,,2", "1, ,2", "1 ,2", "1,2", "1 , 2", ">1 <3", ">1,<3", ">1<3", ">1 , <3",
	" 1", "1 ", "\t1\n", "\u00a01", "> 1", ">\n1", ">=1\n<2", "=>1 =<2", "> =1", "1 >", ">", "=", "~", "^ ^1", "1.2.3 - 2.3.4 || 3 >2", ">=1.2.3-alpha || 2", "1.2.3-alpha || 1.2.2",
	"latest", "lts", "default", "seventeen", "8.0.4xx", "21.0.x", "17.*", "\u00e9", "1.2.3-\u00e9", "\x00", strings.Repeat("9", 300), "v", "1.2.3.x.y",
}

func random(pick func([]string) string, below func(int) int) string {
	texts := releases
	known := append(operators, "!=")
	separators := []string{" ", " ", ", ", ",", " , ", " || ", "||", "  "}
	switch below(8) {
	case 0:
		texts = append(append(append(broken, releases...), prereleases...), "*")
		known = append(append(brokenOperators, operators...), operators...)
		separators = append(separators, ",,", "|", "", " - ")
	case 1, 2, 3:
		texts = append(prereleases, releases...)
		known = operators
	}
	text := pick(known) + pick(texts)
	for more := below(4); more > 0; more-- {
		// Its reader of ` - ` takes neighbours for a part of it.
		if below(6) == 0 {
			text += pick([]string{", ", " || "}) + pick(texts) + " - " + pick(releases) + pick([]string{" ", " || "}) + pick(texts)
		} else {
			text += pick(separators) + pick(known) + pick(texts)
		}
	}
	return text
}

func main() {
	count, seed := 900, 1
	if len(os.Args) == 3 {
		count, _ = strconv.Atoi(os.Args[1])
		seed, _ = strconv.Atoi(os.Args[2])
	}
	source := rand.New(rand.NewSource(int64(seed)))
	pick := func(list []string) string { return list[source.Intn(len(list))] }

	ranges := rare
	for _, operator := range operators[1:] {
		for _, operand := range append(append(releases, prereleases...), "1.2.3-01", "1.", "") {
			if len(operator) < 2 {
				ranges = append(ranges, operator+operand)
			}
		}
	}
	for _, operator := range append(operators, brokenOperators...) {
		ranges = append(ranges, operator+"1.2.3", operator+"1.2", operator+"1")
	}
	for ; count > 0; count-- {
		ranges = append(ranges, random(pick, source.Intn))
	}

	parsed := make([]*semver.Version, len(versions))
	for i, text := range versions {
		parsed[i] = semver.MustParse(text)
	}
	fmt.Println("versions\t" + strings.Join(versions, " "))
	seen := map[string]bool{}
	for _, text := range ranges {
		if seen[text] {
			continue
		}
		seen[text] = true
		found := "invalid"
		if constraint, err := semver.NewConstraint(text); err == nil {
			var fits []string
			for i, version := range parsed {
				if constraint.Check(version) {
					fits = append(fits, versions[i])
				}
			}
			found = strings.Join(fits, " ")
		}
		fmt.Printf("%s\t%s\n", quote(text), found)
	}
}

// A JSON text with all that is not plain ASCII as escapes.
func quote(text string) string {
	quoted := `"`
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			quoted += `\` + string(c)
		case c < ' ' || c > '~':
			quoted += fmt.Sprintf(`\u%04x`, c)
		default:
			quoted += string(c)
		}
	}
	return quoted + `"`
}
