"""Colours that hold on light and dark and for colour-blind eyes (Okabe and Ito 2008)."""

BLUE, ORANGE, GREEN, PINK, SKY, RED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
GREY = "#8C98A4"
# One hue, light to dark: for magnitudes.
RAMP = ["#DCEBF5", "#B5D5EA", "#86BBDC", "#519ECB", "#1F80B8", "#0072B2", "#005A8C"]
