"""Makes data/weather.parquet."""

from pathlib import Path

import numpy as np
import pandas as pd

time = pd.date_range("2025-01-01", "2025-12-31 23:00", freq="h")
hours = np.arange(len(time))
year = -np.cos(2 * np.pi * hours / len(time))
day = -np.cos(2 * np.pi * hours / 24)
weather = pd.DataFrame({"time": time, "temperature": 10 + 9 * year + 4 * day, "wind": hours % 7})

Path("data").mkdir()
weather.to_parquet("data/weather.parquet", index=False)
