# Prints what the zlib of this Python makes of each file in a directory at each
# level, in one call and without zlib's own header and trailer:
# name, level, length, SHA-256.
import hashlib
import os
import sys
import zlib

folder = sys.argv[1]
for name in sorted(os.listdir(folder)):
    with open(os.path.join(folder, name), "rb") as f:
        data = f.read()
    for level in range(1, 10):
        raw = zlib.compress(data, level)[2:-4]
        print(name, level, len(raw), hashlib.sha256(raw).hexdigest())
