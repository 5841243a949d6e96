"""Beam's servers between Flink and its Python workers listen on the loopback, as their address says they do.

`ServerFactory.createServer` makes a loopback address and hands on its port alone, so whoever reaches the machine
reaches the workers, and no setting says otherwise. Here `forPort(address.getPort())` becomes `forAddress(address)`: a
class of the same name with that call changed, in a jar that Flink finds before the original.
"""

from __future__ import annotations

import struct
import zipfile
from hashlib import sha256
from pathlib import Path

from local_stack.errors import PartFailed

JAR = "0-loopback.jar"  # Flink takes its lib folder in the order of names
CLASS = "org/apache/beam/sdk/fn/server/ServerFactory$InetSocketAddressServerFactory.class"
KNOWN = "c1118447c1a3ca918c1a766c1319a42789455667f0ad312689ffabed3849cfe9"

# Of the known class: numbers of constants, and what follows them (flags, this, super, no interface, two fields).
_COUNT, _GET_PORT, _FOR_PORT, _BUILDER = 8, 24, 25, 138
_BEHIND_CONSTANTS = struct.pack(">HHHHH", 0x21, 42, 1, 0, 2)
_RETURNS = "Lorg/apache/beam/vendor/grpc/v1p60p1/io/grpc/netty/NettyServerBuilder;"
_ALOAD_1, _VIRTUAL, _STATIC = 0x2B, 0xB6, 0xB8


def write_jar(original: Path, folder: Path) -> None:
    """Put the jar into `folder`; PartFailed if `original` holds another class than the known one."""
    with zipfile.ZipFile(original) as source:
        code = source.read(CLASS)
    if sha256(code).hexdigest() != KNOWN:
        raise PartFailed(f"{original.name} holds another {CLASS.rpartition('/')[2]}: see local_stack/loopback.py.")
    with zipfile.ZipFile(folder / JAR, "w") as jar:
        jar.writestr(CLASS, on_loopback(code))


def on_loopback(code: bytes) -> bytes:
    """The known class with the call changed: four constants more, and as many instructions as before."""
    (count,) = struct.unpack_from(">H", code, _COUNT)
    for_address = (
        _text("forAddress")
        + _text(f"(Ljava/net/SocketAddress;){_RETURNS}")
        + struct.pack(">BHH", 12, count, count + 1)  # name and type
        + struct.pack(">BHH", 10, _BUILDER, count + 2)  # method
    )
    constants, behind = code.split(_BEHIND_CONSTANTS)
    call = struct.pack(">BBHBH", _ALOAD_1, _VIRTUAL, _GET_PORT, _STATIC, _FOR_PORT)
    changed = struct.pack(">BBH", _ALOAD_1, _STATIC, count + 3).ljust(len(call), b"\0")  # the rest does nothing
    longer = constants[:_COUNT] + struct.pack(">H", count + 4) + constants[_COUNT + 2 :] + for_address
    return longer + _BEHIND_CONSTANTS + behind.replace(call, changed)


def _text(said: str) -> bytes:
    return struct.pack(">BH", 1, len(said)) + said.encode()
