package format

import "slices"

func sameLive(a, b LiveSet) bool {
	return slices.Equal(a.Packs, b.Packs) && slices.Equal(a.Index, b.Index)
}

func sameDrop(a, b Drop) bool {
	return slices.Equal(a.Packs, b.Packs) && slices.Equal(a.Index, b.Index)
}

func sameFrames(a, b []Frame) bool {
	return slices.EqualFunc(a, b, func(x, y Frame) bool {
		return x.Offset == y.Offset && x.Length == y.Length && slices.Equal(x.Members, y.Members)
	})
}

func samePacks(a, b []IndexPack) bool {
	return slices.EqualFunc(a, b, func(x, y IndexPack) bool {
		return x.Pack == y.Pack && x.Size == y.Size && x.Kind == y.Kind && x.FirstFrame == y.FirstFrame &&
			sameFrames(x.Frames, y.Frames)
	})
}
