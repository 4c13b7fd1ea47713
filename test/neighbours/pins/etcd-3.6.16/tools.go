//go:build tools

// Package pins names the program that is built from this module.
package pins

import _ "go.etcd.io/etcd/server/v3"
