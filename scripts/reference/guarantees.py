"""Reference numbers of the guarantees from independent code: Platt's fit, Olofsson's worked example.

In:  nothing. Out: the numbers that the tests of src/weigh/platt.rs and src/assess/stratified.rs hold.
Needs numpy and scipy.
"""

import numpy as np
from scipy.optimize import minimize

LABELS = [(-2, 0), (-1, 0), (-0.5, 1), (0, 0), (0.3, 0), (0.7, 1), (1.1, 1), (1.5, 0), (2, 1), (3, 1), (4.5, 1)]


def platt():
    x, y = np.array(LABELS, float).T
    yes, no = y.sum(), len(y) - y.sum()
    aim = np.where(y == 1, (yes + 1) / (yes + 2), 1 / (no + 2))

    def loss(ab):
        z = ab[0] + ab[1] * x
        return np.sum(np.logaddexp(0, z) - z * aim)

    found = minimize(loss, [0.0, 0.0], method="BFGS", options={"gtol": 1e-12})
    print("platt: intercept %.9f slope %.9f" % tuple(found.x))


# Olofsson et al., Remote Sensing of Environment 148 (2014) 42-57, the worked example of a stratified sample of 640:
# rows are map classes (deforestation, forest gain, stable forest, stable non-forest), columns the reference.
COUNTS = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]], float)
WEIGHTS = np.array([0.020, 0.015, 0.320, 0.645])


def olofsson():
    rows = COUNTS.sum(1)
    share = WEIGHTS[:, None] * COUNTS / rows[:, None]
    j = 0
    area = share[:, j].sum()
    area_se = np.sqrt(np.sum(WEIGHTS**2 * (COUNTS[:, j] / rows) * (1 - COUNTS[:, j] / rows) / (rows - 1)))
    users = COUNTS[j, j] / rows[j]
    users_se = np.sqrt(users * (1 - users) / (rows[j] - 1))
    producers = share[j, j] / area
    # Formula 7 of the paper.
    others = [i for i in range(4) if i != j]
    p = COUNTS[:, j] / rows
    first = WEIGHTS[j] ** 2 * (1 - producers) ** 2 * users * (1 - users) / (rows[j] - 1)
    second = producers**2 * sum(WEIGHTS[i] ** 2 * p[i] * (1 - p[i]) / (rows[i] - 1) for i in others)
    producers_se = np.sqrt(first + second) / area
    print("area %.9f se %.9f" % (area, area_se))
    print("users %.9f se %.9f (published .88 +- .07)" % (users, users_se))
    print("producers %.9f se %.9f (published .75 +- .21)" % (producers, producers_se))
    hectares = area * 10_000_000 * 0.09
    print("deforestation %.0f ha +- %.0f (published 21,158 +- 6158)" % (hectares, 1.96 * area_se * 900_000))


if __name__ == "__main__":
    platt()
    olofsson()
