package restore_test

import "testing"

func testKills(t *testing.T, program string) {}
