//go:build tools

// Package tools makes `go mod tidy` keep what the lifecycle's commands need; see go.mod.
package tools

import (
	_ "github.com/buildpacks/lifecycle/cmd/launcher"
	_ "github.com/buildpacks/lifecycle/cmd/lifecycle"
)
