"""A small disk of a test's own, that is soon full: a tmpfs in a mount namespace that this process and its children see."""

import ctypes
import os
from pathlib import Path

import pytest

CLONE_NEWNS, MNT_DETACH = 0x20000, 2
MS_RDONLY, MS_REMOUNT, MS_REC, MS_PRIVATE = 1, 32, 0x4000, 0x40000
LIBC = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


class Disk:
    entered = False

    def __init__(self, folder, megabytes):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.megabytes = megabytes

    def __enter__(self):
        """Skips the test where nobody may mount."""
        try:
            if not Disk.entered:
                call("unshare", CLONE_NEWNS)
                call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
                Disk.entered = True
            call("mount", b"itn-test", bytes(self.folder), b"tmpfs", 0, f"size={self.megabytes}m".encode())
        except PermissionError as fault:
            pytest.skip(f"no disk of our own: {fault}")
        return self

    def __exit__(self, *_):
        call("umount2", bytes(self.folder), MNT_DETACH)

    def room(self):
        fs = os.statvfs(self.folder)
        return fs.f_bavail * fs.f_frsize

    def fill(self):
        with open(self.folder / "filler", "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, self.room())
        assert self.room() == 0

    def empty(self):
        (self.folder / "filler").unlink(missing_ok=True)

    def read_only(self, only):
        call("mount", None, bytes(self.folder), None, MS_REMOUNT | (MS_RDONLY if only else 0), None)
