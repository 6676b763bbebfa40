# Writes zips as Python's zipfile makes them into a directory. The members are
# the files of another directory.
import io
import os
import sys
import zipfile

source, target = sys.argv[1:]
names = sorted(os.listdir(source))


def content(name):
    with open(os.path.join(source, name), "rb") as f:
        return f.read()


def pack(file, method, level=None, force_zip64=False):
    with zipfile.ZipFile(file, "w", method, compresslevel=level) as z:
        for name in names:
            with z.open(name, "w", force_zip64=force_zip64) as f:
                f.write(content(name))


class Pipe(io.RawIOBase):
    # What cannot seek gets data descriptors.
    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def write(self, b):
        return self.file.write(b)


def path(name):
    return os.path.join(target, name)


for level in (1, 9):
    pack(path("level%d.zip" % level), zipfile.ZIP_DEFLATED, level)
pack(path("stored.zip"), zipfile.ZIP_STORED)
pack(path("bzip2.zip"), zipfile.ZIP_BZIP2)
pack(path("wide.zip"), zipfile.ZIP_DEFLATED, 6, force_zip64=True)
with open(path("piped.zip"), "wb") as f:
    pack(Pipe(f), zipfile.ZIP_DEFLATED, 6)
with open(path("self.zip"), "wb") as f:
    f.write(b"#!/bin/sh\nexit 1\n" * 100)
with zipfile.ZipFile(path("self.zip"), "a", zipfile.ZIP_DEFLATED, compresslevel=6) as z:
    z.comment = b"PK\x05\x06 is how this comment begins, which is no record"
    for name in names:
        z.writestr(name, content(name))
with zipfile.ZipFile(path("folders.zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
    z.writestr("media/", "")
    z.writestr("media/empty", "")
    z.writestr(names[0], content(names[0]), zipfile.ZIP_STORED, None)
    z.writestr(names[0], content(names[0]), zipfile.ZIP_DEFLATED, 9)
    z.writestr("größe.txt", content(names[0]), zipfile.ZIP_DEFLATED, 1)
