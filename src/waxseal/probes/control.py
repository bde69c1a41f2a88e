"""Asks a known control destination whether this machine's outgoing port is open at all.

It is asked only when no destination of the run answered, so that dead servers and a blocked port can be
told apart.
"""

import ipaddress

from waxseal.facts import Cause, ControlReach, Ended, Stage, Subject
from waxseal.net.network import Network
from waxseal.net.peer import CONNECT_LIMIT_S, Peer
from waxseal.probes.recorder import Recorder, attempt
from waxseal.wire.dns_rdata import address_records

PROBE = "control"


async def reach_control(network: Network, recorder: Recorder, host: str, port: int) -> None:
    """Connect to the control destination, say nothing, and record whether the connection stood."""
    async with attempt(recorder, (Subject(),), PROBE, network.clock) as run:
        try:
            address = str(ipaddress.ip_address(host.strip("[]")))
        except ValueError:
            answer = await network.resolver.query(host, "A")
            found = address_records(answer)
            if not found:
                run.ended = Ended(Cause.DNS, Stage.RESOLVE, detail=f"A {answer.status.value}")
                return
            address = found[0]
        connected = False
        peer = Peer(network, address, port, time_limit_s=CONNECT_LIMIT_S, connection_limit=1)
        try:
            stream, _ = await peer.dial()
            run.streams.append(stream)
            connected = True
            run.ended = Ended(Cause.COMPLETED, Stage.CONNECT)
            await stream.close()
        finally:
            run.connections += peer.connections
            if peer.connections:  # what was never dialled says nothing of the port
                run.emit(ControlReach(destination=f"{host}:{port}", connected=connected))
