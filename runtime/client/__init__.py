"""The client of the REST API, typed: `from runtime.client import Plangate`."""

from runtime.client.errors import ClientError as ClientError
from runtime.client.errors import NoAnswerError as NoAnswerError
from runtime.client.errors import ProblemError as ProblemError
from runtime.client.plangate import Plangate as Plangate
