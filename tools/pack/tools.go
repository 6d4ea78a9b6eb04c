//go:build tools

// Package tools makes `go mod tidy` keep what pack's command needs; see go.mod.
package tools

import _ "github.com/buildpacks/pack"
