// Command version prints the version of the shop's sources. `make bundle` writes it beside the bundle that it builds.
package main

import (
	"fmt"

	"unishop-pilot-light/unishop"
)

func main() { fmt.Println(unishop.Version()) }
