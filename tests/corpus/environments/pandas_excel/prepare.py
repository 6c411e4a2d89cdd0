"""Makes data/orders.xlsx."""

from pathlib import Path

import pandas as pd

orders = pd.DataFrame(
    {
        "Date": pd.date_range("2026-03-02", periods=60, freq="D"),
        "Product": ["Chair", "Table", "Lamp"] * 20,
        "Pieces": [4, 1, 7] * 20,
    }
)
products = pd.DataFrame({"Product": ["Chair", "Table", "Lamp"], "Price": [80.0, 310.0, 25.5]})

Path("data").mkdir()
with pd.ExcelWriter("data/orders.xlsx") as book:
    orders.to_excel(book, sheet_name="Orders", index=False)
    products.to_excel(book, sheet_name="Products", index=False)
