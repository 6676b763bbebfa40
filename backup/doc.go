// Package backup pours a folder of chat exports into a repository.
//
// The story of one run: the path is walked in the order of its names, so that a
// list can be written as it goes. Exports of apps that are recognised on the way
// are parsed, and their messages stored as records. Then every file is stored
// as it is: split into chunks by what it holds, each chunk encrypted into a pack
// unless this writer stored it before. The two lists of the snapshot are chunks
// as well. At the end one signed head makes all of it count.
//
// What went wrong with one file is told and does not stop the others; what was
// not stored is never passed over in silence.
package backup
