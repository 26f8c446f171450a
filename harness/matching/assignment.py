"""Give each row a column of its own at the least total cost.

Taking the first column that fits is what makes plan matchers wrong; this is the exact optimum.
`harness.matching.alignment` assigns calls with it, and `$unordered` assigns list items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def cheapest_columns(costs: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Return for each row the column that it gets; no column is given twice.

    Rows join one by one. Each takes the shortest chain of moves that frees a column for it, and
    the prices of rows and columns are raised so that every earlier choice stays optimal.

    Args:
        costs: a line a row; each holds as many columns, at least as many as there are rows.

    Source: H. W. Kuhn, "The Hungarian method for the assignment problem" (1955), with shortest
    augmenting paths: O(rows² · columns).

    >>> cheapest_columns([[1, 2, 9], [1, 9, 9]])
    (1, 0)
    """
    columns = len(costs[0]) if costs else 0
    market = _Market(
        costs=costs,
        holder=[None] * columns,
        held=[None] * len(costs),
        row_price=[0] * len(costs),
        column_price=[0] * columns,
    )
    for row in range(len(costs)):
        market.admit(row)
    return tuple(column for column in market.held if column is not None)


@dataclass(slots=True, kw_only=True)
class _Market:
    """Keep who holds which column, and the prices that prove the choice optimal."""

    costs: Sequence[Sequence[int]]
    holder: list[int | None]
    held: list[int | None]
    row_price: list[int]
    column_price: list[int]

    def admit(self, newcomer: int) -> None:
        """Find the newcomer a column, moving earlier rows where that is cheaper."""
        distance: dict[int, int] = {}
        reached_from: dict[int, int] = {}
        settled: list[int] = []
        waiting = list(range(len(self.holder)))
        row, travelled = newcomer, 0
        while True:
            for column in waiting:
                price = self.row_price[row] + self.column_price[column]
                length = travelled + self.costs[row][column] - price
                if column not in distance or length < distance[column]:
                    distance[column], reached_from[column] = length, row
            nearest = min(waiting, key=distance.__getitem__)
            travelled = distance[nearest]
            holder = self.holder[nearest]
            if holder is None:
                break
            waiting.remove(nearest)
            settled.append(nearest)
            row = holder
        self._raise_prices(newcomer, {column: travelled - distance[column] for column in settled})
        self.row_price[newcomer] += travelled
        self._move(nearest, reached_from)

    def _raise_prices(self, newcomer: int, gains: dict[int, int]) -> None:
        for column, gain in gains.items():
            holder = self.holder[column]
            self.column_price[column] -= gain
            self.row_price[newcomer if holder is None else holder] += gain

    def _move(self, column: int | None, reached_from: dict[int, int]) -> None:
        while column is not None:
            row = reached_from[column]
            left = self.held[row]
            self.holder[column], self.held[row] = row, column
            column = left
