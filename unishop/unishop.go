// Package unishop is the shop that runs on the server.
package unishop

import _ "embed"

// UserData is what the instance runs at its first boot. Its placeholders, in double braces, say where the instance is.
//
//go:embed instance/user-data.sh
var UserData string
