"""Draws tray.png: round spots of different brightness on a dark tray."""

import cv2
import numpy as np

tray = np.full((240, 360, 3), 15, np.uint8)
for number, brightness in enumerate([60, 100, 100, 140, 180, 230]):
    x, y = 60 + 120 * (number % 3), 70 + 100 * (number // 3)
    cv2.circle(tray, (x, y), 30, (brightness,) * 3, thickness=-1)
cv2.imwrite("tray.png", tray)
