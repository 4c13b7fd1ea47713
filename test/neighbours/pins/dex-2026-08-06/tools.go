//go:build tools

// Package pins names the program that is built from this module.
package pins

import _ "github.com/dexidp/dex/cmd/dex"
