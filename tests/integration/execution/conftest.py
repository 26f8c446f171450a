"""Let these tests use the worlds of `tests.execution`, also one in which moves are paid for.

And servers of rates of which room is borrowed.
"""

from tests.borrowing import rated
from tests.execution import redis_url, world
from tests.priced import priced

__all__ = ["priced", "rated", "redis_url", "world"]
