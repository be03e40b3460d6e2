"""A typed client of the service, for programs that wait (``Client``) and for those that do not (``AsyncClient``).

with Client("http://127.0.0.1:8000", key="slant_…") as slant:
    answer = slant.classify(text="…", targets=["the toll"])
    for found in slant.classify_many({"text": text} for text in texts):
        ...
"""

from slant_service.client.blocking import Client
from slant_service.client.calls import Given, Patience, ServiceProblem
from slant_service.client.waiting import AsyncClient

__all__ = ["AsyncClient", "Client", "Given", "Patience", "ServiceProblem"]
