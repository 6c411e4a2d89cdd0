"""Makes data/sales.sqlite."""

import sqlite3
from pathlib import Path

MONTHS = ["January", "February", "March"]
SALES = {"Bristol": [900, 1100, 1300], "Leeds": [2100, 1900, 1700], "York": [400, 800, 500]}

Path("data").mkdir()
database = sqlite3.connect("data/sales.sqlite")
database.execute("CREATE TABLE sales (town TEXT, month TEXT, amount INTEGER)")
database.executemany(
    "INSERT INTO sales VALUES (?, ?, ?)",
    [
        (town, month, amount)
        for town, amounts in SALES.items()
        for month, amount in zip(MONTHS, amounts, strict=True)
    ],
)
database.commit()
database.close()
