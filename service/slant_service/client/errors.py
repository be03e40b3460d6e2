"""The client's errors. One base class is all a caller must catch, and it is one of Slant's own.

SlantError
└── ClientError
    ├── RequestInvalid    what was given is no request; ``field`` names the part at fault
    ├── FileUnreadable    a file of requests is not there, or cannot be read to its end
    ├── Unreachable       the service is not there, does not answer in time, or its address is none
    ├── ServiceProblem    the service answered with a problem; ``problem`` has all it says
    └── AnswerUnknown     the answer is not one of Slant's: another program listens there, or another version
"""

from __future__ import annotations

from slant.errors import SlantError
from slant_service.schemas import Problem


class ClientError(SlantError):
    """Whatever goes wrong with a call."""


class RequestInvalid(ClientError):
    """What was given is no request; ``field`` names the part at fault."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message

    def __reduce__(self) -> tuple[type[RequestInvalid], tuple[str, str]]:
        return type(self), (self.field, self.message)


class FileUnreadable(ClientError):
    """A file of requests is not there, or cannot be read to its end."""


class Unreachable(ClientError):
    """The service is not there, does not answer in time, or its address is none."""


class ServiceProblem(ClientError):
    """The service answered with a problem: see ``problem``, as RFC 9457 has it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.title}: {problem.detail}")
        self.problem = problem

    def __reduce__(self) -> tuple[type[ServiceProblem], tuple[Problem]]:
        return type(self), (self.problem,)


class AnswerUnknown(ClientError):
    """The answer is not one of Slant's: another program listens there, or another version."""
