// Package power asks the machine whether it is on battery and whether its network
// costs by volume, and makes the process one that steps aside for others. What a
// system does not tell, or not clearly, is taken for mains and a free network: a
// backup that waits for ever is worse than one that costs a little.
package power
