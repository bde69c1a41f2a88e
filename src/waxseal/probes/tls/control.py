"""Whether refusals without an alert can be believed: at the end, whether the server still answers at all.

Some servers close where others send an alert. So does a server that died of something, or that has had enough
of us. Where connections were broken off since the last question that was answered, one connection of the
limit is kept for one more question that was answered before; if it is not answered again, what those
connections seemed to refuse is undecided. An answer to a question that was asked before a connection was
broken off says nothing of that one.
"""

from waxseal.facts import Cause, Reaction
from waxseal.net.peer import Peer
from waxseal.probes.tls.extras import Extras
from waxseal.probes.tls.knowledge import Knowledge
from waxseal.probes.tls.question import HelloTalk, Question, Strand, Talk, Tls13Talk

ABOUT = "whether it still answers"
_SILENT = (Cause.CLOSED, Cause.RESET)


class Control:
    """Watches the answers to all questions.

    Args:
        knowledge, extras: What the answers tell.
        peer: Whose limit of connections is kept to.

    Attributes:
        doubted: Whether what was refused since the last answer is in doubt.
    """

    def __init__(self, knowledge: Knowledge, extras: Extras, peer: Peer) -> None:
        self.knowledge = knowledge
        self.extras = extras
        self.doubted = False
        self._peer = peer
        self._kept = 0
        self._silent: list[tuple[int, Reaction]] = []
        self._seen = 0

    def watched(self, strand: Strand) -> Strand:
        """The same strand."""
        try:
            question = next(strand)
            while True:
                asked = self._seen
                talk = yield question
                self._see(talk, asked)
                question = strand.send(talk)
        except StopIteration:
            pass
        finally:
            strand.close()

    def _see(self, talk: Talk, asked: int) -> None:
        """Take in an answer, and how many had been seen when it was asked for."""
        self._seen += 1
        if isinstance(talk, HelloTalk | Tls13Talk) and talk.selected is not None:
            self._silent = [(seen, reaction) for seen, reaction in self._silent if seen > asked]
        elif talk.cause in _SILENT:
            self._silent.append((self._seen, talk.reaction()))
        self._keep(int(bool(self._silent)))

    def ask(self) -> Strand:
        """One question that was answered before, where there is doubt."""
        self._keep(0)
        if self._silent and self.knowledge.highest is not None:
            asked = self._seen
            talk = yield Question(ABOUT, self.extras.usual)
            self._see(talk, asked)

    def _keep(self, kept: int) -> None:
        """Take so many connections out of the limit, for the question at the end."""
        self._peer.connection_limit += self._kept - kept
        self._kept = kept

    def settle(self) -> None:
        """Take back what is in doubt, and let go of what was kept."""
        self._keep(0)
        if self._silent:
            silent = [reaction for _, reaction in self._silent]
            self.doubted = self.knowledge.take_back(silent) | self.extras.take_back(silent)
