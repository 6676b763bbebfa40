package format

// Limits of version 1 (section 15 of the specification). Sizes are in bytes.
const (
	MaxSigned     = 32 << 20  // a signed object: authority, head, tombstone
	MaxSlotFile   = 64 << 10  // an object in keys/
	MaxKeyring    = 4 << 20   // an object in keyring/
	MaxWriters    = 10_000    // writers in an authority
	MaxSlots      = 100       // slots in an authority
	MaxForgotten  = 100_000   // forgotten heads in an authority
	MaxFormer     = 100       // ids that a repository had under earlier roots
	MaxLive       = 200_000   // packs and index objects in a live set, together
	MaxHeader     = 1 << 10   // header of a sealed object
	MaxFrames     = 1_000_000 // frames in a directory
	MaxMembers    = 16_384    // members in a frame
	MaxPack       = 160 << 20 // plaintext of a pack
	MaxPackObject = 161 << 20 // a pack as stored
	MaxSealed     = 288 << 20 // plaintext of another sealed object
	MaxObject     = 289 << 20 // another sealed object as stored
	MaxIndex      = 256 << 20 // decoded index
	MaxManifest   = 16 << 20  // decoded manifest
	MaxNote       = 16 << 20  // decoded note
	MaxNews       = 64 << 10  // decoded news
	MaxChunk      = 8 << 20   // a chunk
	MaxFrameRaw   = 16 << 20  // a frame, decoded
	MaxFrame      = 17 << 20  // a frame, as it stands
	MaxWindow     = 8 << 20   // a frame's window
	MaxLine       = 1 << 20   // a line of contents, with its line feed
	MaxPath       = 32 << 10  // a path or the target of a link
	MaxMemberName = 64 << 10  // the name of a zip's member
	MaxLineChunks = 1024      // ids in a line of contents
	MaxChunks     = 1 << 26   // ids of one file or segment
	MaxSegments   = 1 << 22   // segments of one zip
	MaxNames      = 256 << 20 // the names of one zip's members, together
	MaxDepth      = 3         // levels of ids above a list
	MaxListChunks = 64        // ids of a list in a manifest, below MaxDepth

	ParityColumns   = 24        // packs that a row of parity is over
	ParityRows      = 2         // rows over the same packs
	ParityBlock     = 64 << 10  // a block of a pack that has a sum of its own
	MaxParityHeader = 8 << 10   // the first line of a parity object
	MaxParity       = 162 << 20 // a parity object

	maxNumber = 1<<53 - 1 // what every JSON reader holds exactly
)
