//go:build !linux

package main

import "fmt"

func main() { fmt.Println("machine: not run: systemd needs Linux") }
