// Package config reads and writes the one file in which a person says what is
// backed up where and when, and who is told: config.toml. It holds no secret, only
// where secrets are.
//
// Flags come first, then the environment, then this file, then what the program
// does by itself.
package config
