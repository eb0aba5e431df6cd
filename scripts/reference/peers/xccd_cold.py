"""COLD (Zhu et al. 2020) as in pyxccd: six views in a row beyond the 0.99 quantile of chi-square."""

import xccd_pixels

DEFAULTS = {"p_cg": 0.99, "conse": 6}
GRID = [{"p_cg": p_cg, "conse": conse} for p_cg in (0.90, 0.99, 0.9999) for conse in (4, 6)]
SURE = 100  # change_prob of a break that is complete


def detect(cube, p_cg, conse):
    """Breaks of COLD in the target period."""
    # Here and not above: the wheel carries GSL (GPL-3), which only the worker's process may load.
    from pyxccd import cold_detect_flex

    def breaks_of(days, series, quality):
        try:
            records = cold_detect_flex(days, series, quality, lam=xccd_pixels.LAMBDA, p_cg=p_cg, conse=conse,
                                       tmask_b1_index=1, tmask_b2_index=xccd_pixels.SWIR1_INDEX)
        except RuntimeError:  # too few clear views for a model: no break
            return
        bands = series.shape[1]
        for record in records:
            if record["t_break"] > 0 and record["change_prob"] == SURE:
                yield int(record["t_break"]), xccd_pixels.strength(record["magnitude"][:bands], record["rmse"][:bands])

    return xccd_pixels.run(cube, breaks_of, conse)
