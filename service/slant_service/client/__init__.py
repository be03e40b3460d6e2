"""A typed client of the service, for programs that wait (``Client``) and for those that do not (``AsyncClient``).

with Client("http://127.0.0.1:8000", key="slant_…") as slant:
    answer = slant.classify(text="…", targets=["the toll"])
    for found in slant.classify_many({"text": text} for text in texts):
        ...

Whatever goes wrong is a ``ClientError``; ``errors.py`` draws the tree.
"""

from slant_service.client.blocking import Client
from slant_service.client.calls import Given, Patience
from slant_service.client.errors import (
    AnswerUnknown,
    ClientError,
    FileUnreadable,
    RequestInvalid,
    ServiceProblem,
    Unreachable,
)
from slant_service.client.waiting import AsyncClient

__all__ = [
    "AnswerUnknown",
    "AsyncClient",
    "Client",
    "ClientError",
    "FileUnreadable",
    "Given",
    "Patience",
    "RequestInvalid",
    "ServiceProblem",
    "Unreachable",
]
